import ArgumentParser
import Chaos
import Dispatch
import FoundationEssentials
import Glibc

/// What every command is told.
struct CommonOptions: ParsableArguments {
    @Option(help: "The program. [default: cairn beside this one]") var cairn: String?
    @Option(help: "Another plan than the small one on Fashion-MNIST.") var plan: String?
    @Flag(help: "Print JSON.") var json = false
    @Flag(help: "Keep logs, state and caches where all went well.") var keep = false

    /// Calls `body` with the program and a new folder, which is taken away where all went well.
    func inFolder<Result>(_ body: (_ program: String, _ folder: String) throws -> Result) throws -> Result {
        let signals = endOnSignals()
        defer { signals.forEach { $0.cancel() } }
        let program = cairn ?? Self.folderOfThisProgram + "/cairn"
        guard access(program, X_OK) == 0 else {
            throw ValidationError("'\(program)' is no program: build it, or name another one with --cairn.")
        }
        let folder = FileManager.default.temporaryDirectory.path + "/cairn-chaos-\(getpid())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        do {
            let result = try body(program, folder)
            if keep { say("logs are in \(folder)") } else { try? FileManager.default.removeItem(atPath: folder) }
            return result
        } catch {
            say("logs are in \(folder)")
            throw error
        }
    }

    func plan(_ text: String, in folder: String) throws -> TestPlan {
        try plan.map { try TestPlan(file: $0) } ?? TestPlan(text, file: folder + "/plan.yaml")
    }

    func show(_ result: some Encodable, _ text: String) throws {
        guard json else { return print(text) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        print(String(decoding: try encoder.encode(result), as: UTF8.self))
    }

    /// A signal ends every wait, and so the processes that were started.
    private func endOnSignals() -> [any DispatchSourceSignal] {
        [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { Patience.end() }
            source.activate()
            return source
        }
    }

    private static var folderOfThisProgram: String {
        let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
    }
}

/// Progress, apart from the report.
func say(_ line: String) {
    let bytes = Array("\(line)\n".utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
}
