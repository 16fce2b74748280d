import Foundation
import Testing

/// `scripts/chaos` in small: real processes are killed by a schedule, and the weights are those of an undisturbed run.
@Suite(.serialized, .timeLimit(.minutes(5))) struct StormTests {
    @Test func weightsSurviveAStorm() throws {
        let process = Process()
        process.executableURL = Bundle.main.bundleURL.appending(path: "cairn-chaos")
        process.arguments = ["--worker-kills", "10", "--coordinator-kills", "3", "--seed", "1", "--json"]
        let (output, progress) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = progress
        try process.run()
        let said = String(decoding: progress.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let report = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(said)\(report)")
        let figures = try #require(JSONSerialization.jsonObject(with: Data(report.utf8)) as? [String: Any])
        #expect(try #require(figures["workerKills"] as? Int) >= 10)
        #expect(try #require(figures["coordinatorKills"] as? Int) >= 3)
        let hostile = try #require(figures["hostileWorkers"] as? Int)
        #expect(hostile > 0 && figures["quarantined"] as? Int == hostile)
        #expect((figures["sha256"] as? [String: String])?.keys.sorted() == ["fine-tuned", "pretrained"])
    }
}
