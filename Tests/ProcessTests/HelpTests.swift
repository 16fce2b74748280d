import Foundation
import Testing

/// Every command explains itself, whichever way it is asked.
@Suite(.timeLimit(.minutes(5))) struct HelpTests {
    private struct Dump: Decodable {
        var command: Command
    }

    private struct Command: Decodable {
        var commandName: String
        var subcommands: [Command]?

        /// All words that lead to a command, without the program's name.
        func paths(below path: [String] = []) -> [[String]] {
            [path]
                + (subcommands ?? []).filter { $0.commandName != "help" }
                .flatMap { $0.paths(below: path + [$0.commandName]) }
        }
    }

    private func paths() throws -> [[String]] {
        let dump = try Cairn.run(["--experimental-dump-help"])
        return try JSONDecoder().decode(Dump.self, from: Data(dump.output.utf8)).command.paths()
    }

    @Test func everyCommandHasHelp() throws {
        let paths = try paths()
        #expect(paths.count > 20 && paths.contains(["data", "inspect"]))
        for path in paths {
            for arguments in [path + ["--help"], path + ["-h"], ["help"] + path] {
                let ended = try Cairn.run(arguments)
                #expect(ended.status == 0 && ended.errors == "", "\(arguments): \(ended)")
                #expect(ended.output.contains("USAGE: \((["cairn"] + path).joined(separator: " "))"), "\(ended)")
            }
        }
    }

    @Test func aMistakeInTheCommandLineShowsTheUsage() throws {
        for path in try paths() {
            let ended = try Cairn.run(path + ["--no-such-option"])
            #expect(ended.status == 64 && ended.output == "", "\(path): \(ended)")
            #expect(ended.errors.contains("Usage: ") && ended.errors.contains("--help"), "\(ended)")
        }
    }

    @Test func theVersionIsShown() throws {
        let ended = try Cairn.run(["--version"])
        #expect(ended.status == 0 && ended.output.hasPrefix("cairn ") && ended.errors == "", "\(ended)")
    }
}
