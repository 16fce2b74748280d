import Foundation
import Testing

/// Starts the program that was built beside the tests.
@Suite struct BenchTests {
    struct Ended {
        var status: Int32
        var output: String
        var errors: String
    }

    func cairn(_ arguments: [String]) throws -> Ended {
        let process = Process()
        process.executableURL = Bundle.main.bundleURL.appending(path: "cairn")
        process.arguments = arguments
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return Ended(status: process.terminationStatus, output: text, errors: complaint)
    }

    @Test func theVersionNamesTheEngine() throws {
        let ended = try cairn(["--version"])
        #expect(ended.status == 0)
        #expect(ended.output.hasPrefix("cairn "))
        #expect(ended.output.contains("oneDNN 2.") || ended.output.contains("oneDNN 3."))
    }

    @Test func benchTrainPrintsJSON() throws {
        let ended = try cairn(
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
        let ended = try cairn(["bench", "train"] + options)
        #expect(ended.status == 64)
        #expect(ended.errors.contains("Error:"))
    }
}
