import ArgumentParser
import PrintableText

/// A command's end with exit code 1: one line that says what is wrong and what to do.
struct CommandError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    /// An error as it is shown: its text comes from files and other hosts, and steers no terminal.
    static func shown(_ error: any Error) -> any Error {
        switch error {
        case is ExitCode, is CleanExit, is ValidationError: error
        default: CommandError("\(error)".printableLines)
        }
    }
}
