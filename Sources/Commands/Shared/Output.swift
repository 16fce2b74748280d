import PrintableText

/// A line for standard output. What is interpolated comes from plans, files and other hosts: nothing in it steers a
/// terminal or begins another line.
struct OutputLine: ExpressibleByStringInterpolation {
    let text: String

    init(stringLiteral text: String) { self.text = text }
    init(stringInterpolation parts: Parts) { text = parts.text }
    private init(text: String) { self.text = text }

    static func + (left: OutputLine, right: OutputLine) -> OutputLine { OutputLine(text: left.text + right.text) }

    struct Parts: StringInterpolationProtocol {
        /// No name or reason is longer.
        private static let longest = 10_000

        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) {}

        mutating func appendLiteral(_ literal: String) { text += literal }
        mutating func appendInterpolation(_ value: some Any) { text += "\(value)".printable(atMost: Self.longest) }
    }
}

/// A line on standard output: with the next one and `JSONOutput` the only way there.
func say(_ line: OutputLine) { print(line.text) }

/// Whole lines on standard output: nothing in them steers a terminal.
func say(lines: some CustomStringConvertible, terminator: String = "\n") {
    print(lines.description.printableLines, terminator: terminator)
}
