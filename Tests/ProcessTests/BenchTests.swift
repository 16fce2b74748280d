import Foundation
import Testing

@Suite struct BenchTests {
    @Test func theVersionNamesTheEngine() throws {
        let ended = try Cairn.run(["--version"])
        #expect(ended.status == 0)
        #expect(ended.output.hasPrefix("cairn "))
        #expect(ended.output.contains("oneDNN 2.") || ended.output.contains("oneDNN 3."))
    }

    @Test func benchTrainPrintsJSON() throws {
        let ended = try Cairn.run(
            ["bench", "train", "--inputs", "64", "--units", "32", "--seconds", "0.1", "--slots", "2", "--json"])
        #expect(ended.status == 0)
        let json = try #require(try JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any])
        #expect(try #require(json["samplesPerSecond"] as? Double) > 0)
        #expect(try #require(json["peakGigaflopsPerSecond"] as? Double) > 0)
        #expect(json["slots"] as? Int == 2)
    }

    @Test(arguments: [
        ["--slots", "0"], ["--units", "x"], ["--seconds", "-1"], ["--inputs", "100000", "--units", "100000"],
    ])
    func wrongUsageIsSaid(options: [String]) throws {
        let ended = try Cairn.run(["bench", "train"] + options)
        #expect(ended.status == 64)
        #expect(ended.errors.contains("Error:"))
    }
}
