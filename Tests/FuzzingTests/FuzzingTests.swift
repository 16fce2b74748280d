import Foundation
import Fuzzing
import Testing

/// What comes from outside: the files of each target, mutants of them, and short texts repeated without end.
@Suite(.serialized, .timeLimit(.minutes(10))) struct FuzzingTests {
    private static let corpora = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/fuzz")
    /// Far above what any of them needs.
    private static let mostMegabytes = 300

    @Test func everyTargetHasFiles() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.corpora.path)
        let folders = names.filter { !$0.hasSuffix(".dict") }
        #expect(Set(folders) == Set(FuzzTarget.allCases.map(\.rawValue)))
        #expect(Set(names).subtracting(folders).allSatisfy { folders.contains(String($0.dropLast(5))) })
    }

    @Test(arguments: FuzzTarget.allCases) func whateverComesIsReadOrRefused(target: FuzzTarget) throws {
        let kept = FileManager.default.temporaryDirectory.appending(path: "cairn-fuzz-\(target)-\(UUID())").path
        let ended = try run([
            target.rawValue, Self.corpora.appending(path: target.rawValue).path, "--mutants", "\(mutants(target))",
            "--seed", "1", "--repetitions", "--keep", kept,
        ])
        guard ended.status == 0 else {
            Issue.record(
                "\(target) ended with \(ended.status); what it read is in \(kept)\n\(ended.output.suffix(4_000))")
            return
        }
        try FileManager.default.removeItem(atPath: kept)
        let peak = try #require(ended.output.firstMatch(of: /, (\d+) MiB at most/).flatMap { Int($0.1) })
        #expect(peak < Self.mostMegabytes, "\(target) took \(peak) MiB")
    }

    /// So many that it takes about two seconds.
    private func mutants(_ target: FuzzTarget) -> Int {
        switch target {
        case .image, .safetensors: 20_000
        case .update, .plan, .json: 5_000
        case .npy, .idx, .csv: 2_000
        }
    }

    /// Starts the program that was built beside the tests. One that hangs or takes all memory is ended.
    private func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/bash")
        let program = Bundle.main.bundleURL.appending(path: "cairn-fuzz").path
        process.arguments = ["-c", "ulimit -v 4000000; exec timeout 120 \"$0\" \"$@\"", program] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }
}
