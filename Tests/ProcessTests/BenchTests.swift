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
        #expect(try #require(json["shareOfPeak"] as? Double) > 0)
        #expect(json["slots"] as? Int == 2)
    }

    @Test(arguments: [[], ["--convolution"], ["--precision", "bfloat16"]])
    func benchTrainSaysWhereTheTimeGoes(options: [String]) throws {
        let ended = try Cairn.run(
            ["bench", "train", "--inputs", "64", "--units", "32", "--samples", "300", "--seconds", "0.1", "--profile"]
                + options)
        #expect(ended.status == 0)
        for part in ["forward product", "weight gradient", "input gradient", "optimizer", "feeding", "loss"] {
            #expect(ended.output.contains(part))
        }
    }

    @Test(arguments: ["float32", "bfloat16"]) func benchMatmulPrintsJSON(precision: String) throws {
        let ended = try Cairn.run(
            ["bench", "matmul", "--m", "8", "--precision", precision, "--seconds", "0.05", "--json"])
        #expect(ended.status == 0)
        let json = try #require(try JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any])
        #expect(try #require(json["gigaflopsPerSecond"] as? Double) > 0)
        #expect(json["precision"] as? String == precision)
    }

    @Test func benchPeakPrintsATable() throws {
        let ended = try Cairn.run(["bench", "peak", "--slots", "2", "--seconds", "0.1", "--no-pin-cores"])
        #expect(ended.status == 0)
        #expect(ended.output.contains("memory GB/s"))
        #expect(ended.output.split(separator: "\n").count == 4)
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
