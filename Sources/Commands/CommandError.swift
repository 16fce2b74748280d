import ArgumentParser
import PrintableText

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
