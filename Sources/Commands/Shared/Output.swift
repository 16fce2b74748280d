import ArgumentParser
import FoundationEssentials
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

/// What `--json` prints, and what `summary.json` holds.
enum JSONOutput {
    static func data(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return try encoder.encode(value) + Data("\n".utf8)
    }

    static func print(_ value: some Encodable) throws {
        Swift.print(String(decoding: try data(value), as: UTF8.self).printableJSON, terminator: "")
    }
}

/// A command's end with exit code 1: one line that says what is wrong and what to do.
struct CommandError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    /// An error as it is shown: its text comes from files and other hosts, and steers no terminal.
    static func shown(_ error: any Error) -> any Error {
        // Help, a version and mistakes in the command line are the parser's own, and have exit codes of their own.
        guard !(error is ExitCode), Cairn.exitCode(for: error) == .failure else { return error }
        return CommandError("\(error)".printableLines)
    }
}
