import FoundationEssentials
import Glibc
import PrintableText
import TerminalViews

/// A terminal with something on it that is drawn again and again.
struct Terminal {
    private let descriptor: Int32
    private var canvas: Canvas

    /// - Returns: nil where `descriptor` leads to a file, a pipe, or a terminal that knows lines alone.
    init?(_ descriptor: Int32) {
        let environment = ProcessInfo.processInfo.environment
        guard isatty(descriptor) == 1, let kind = environment["TERM"], !kind.isEmpty, kind != "dumb" else { return nil }
        self.descriptor = descriptor
        // https://no-color.org
        canvas = Canvas(isColoured: (environment["NO_COLOR"] ?? "").isEmpty)
    }

    /// As it is now: people change it.
    var size: ScreenSize {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return ScreenSize(columns: 80, rows: 24)
        }
        return ScreenSize(columns: Int(size.ws_col), rows: Int(size.ws_row))
    }

    /// - Parameter lines: what to draw where there is so much room.
    mutating func draw(_ lines: (ScreenSize) -> [Line]) {
        let size = size
        FileHandleOutput.write(canvas.draw(lines(Canvas.room(on: size)), on: size), to: descriptor)
    }

    mutating func erase() { FileHandleOutput.write(canvas.erase(), to: descriptor) }
}

/// Text to a file descriptor at once, without a buffer.
enum FileHandleOutput {
    /// Whole lines: nothing in them steers a terminal.
    static func standardError(_ text: String) { write(text.printableLines, to: STDERR_FILENO) }

    static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
