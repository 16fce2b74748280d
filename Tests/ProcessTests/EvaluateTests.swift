import Foundation
import Testing

/// Exported networks and other files of samples: matched by names, shape and scale, or refused in one message.
@Suite struct EvaluateTests {
    private let folder = FileManager.default.temporaryDirectory.appending(
        path: "evaluate-\(UUID().uuidString.prefix(8))")

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func path(_ name: String) -> String { folder.appending(path: name).path }

    private func write(_ name: String, _ text: String) throws {
        try text.write(toFile: path(name), atomically: true, encoding: .utf8)
    }

    private static let columns = ["a", "b", "c", "kind"]

    /// Rows of three classes that differ in every column.
    private func table(_ order: [String] = columns, scale: Double = 1, kinds: [String] = ["cat", "dog", "hen"])
        -> String
    {
        let rows = (0..<90).map { row in
            let values = [
                "a": "\(scale * Double(row % 3 + row % 5))", "b": "\(scale * Double(row % 3 * 2 + row % 4))",
                "c": "\(scale * Double(10 - row % 3 * 3))", "kind": kinds[row % 3], "when": "\(row)",
            ]
            return order.map { values[$0] ?? "0" }.joined(separator: ",")
        }
        return ([order.joined(separator: ",")] + rows).joined(separator: "\n") + "\n"
    }

    /// - Parameter kinds: 0, 1, 2 as text, or words.
    private func train(kinds: [String]) throws {
        try write("train.csv", table(kinds: kinds))
        try write(
            "plan.yaml",
            """
            data:
              unlabeled: train.csv
              held_out: 10
              labeled: {samples: train.csv, labels: {column: kind}, draws: 1}
              test: {split: 0.2}
            layers: [{units: 4, loss: mean_squared_error}]
            pretraining: {rounds: 2, batch_size: 16}
            fine_tuning: {epochs: 20, encoder_learning_rate: 0.01}
            """)
        let run = try Cairn.run(["pretrain", path("plan.yaml"), "--output", path("out"), "--quiet", "--json"])
        try #require(run.status == 0, "\(run.errors)")
        let summary = try #require(JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        #expect(summary["classNames"] as? [String] == kinds)
    }

    private func evaluate(_ samples: String, _ options: String...) throws -> Cairn.Ended {
        try Cairn.run(
            ["evaluate", path("out/classifier.safetensors"), "--samples", path(samples), "--quiet"] + options)
    }

    @Test func columnsAndClassesGoByTheirNames() throws {
        try train(kinds: ["0", "1", "2"])
        let expected = try evaluate("train.csv", "--label-column", "kind", "--json")
        #expect(expected.status == 0, "\(expected.errors)")
        #expect(expected.output.contains("\"classNames\""))
        try write("turned.csv", table(["kind", "c", "a", "b"], kinds: ["0", "1", "2"]))
        #expect(try evaluate("turned.csv", "--label-column", "kind", "--json").output == expected.output)
        let shown = try evaluate("turned.csv", "--label-column", "kind").output
        #expect(shown.split(separator: "\n").count == 5, "\(shown)")
    }

    @Test func whatDoesNotMatchIsRefusedWithTheWayOut() throws {
        try train(kinds: ["0", "1", "2"])
        try write("foreign.csv", table(["a", "c", "when", "kind"], kinds: ["0", "1", "2"]))
        try write("scaled.csv", table(scale: 1_000, kinds: ["0", "1", "2"]))
        try write("strange.csv", table(kinds: ["0", "7", "2"]))
        let foreign = try evaluate("foreign.csv", "--label-column", "kind")
        #expect(foreign.status == 1)
        #expect(foreign.errors.contains("it lacks the column 'b'"), "\(foreign.errors)")
        #expect(foreign.errors.contains("'when'") && foreign.errors.contains("--without when"), "\(foreign.errors)")
        let scaled = try evaluate("scaled.csv", "--label-column", "kind")
        #expect(scaled.status == 1 && scaled.errors.contains("--divide-by"), "\(scaled.errors)")
        #expect(try evaluate("scaled.csv", "--label-column", "kind", "--divide-by", "1000").status == 0)
        let strange = try evaluate("strange.csv", "--label-column", "kind")
        #expect(strange.errors.contains("has the class 7, which the network does not know"), "\(strange.errors)")
        let unlabeled = try evaluate("train.csv")
        #expect(unlabeled.status == 1 && unlabeled.errors.contains("--without kind"), "\(unlabeled.errors)")
        #expect(
            try evaluate("train.csv", "--label-column", "kind", "--label-folders").errors.contains("stands instead of"))
        #expect(
            try evaluate("train.csv", "--label-column", "kind", "--label-header").errors.contains("say how --labels"))
    }

    /// A file of labels is read as a plan reads it: a column of several, a first line that holds a name.
    @Test func labelsMayLieInAFileOfTheirOwn() throws {
        try train(kinds: ["0", "1", "2"])
        let expected = try evaluate("train.csv", "--label-column", "kind", "--json").output
        try write("bare.csv", table(["a", "b", "c"], kinds: ["0", "1", "2"]))
        try write("labels.csv", table(["c", "kind"], kinds: ["0", "1", "2"]))
        let several = try evaluate(
            "bare.csv", "--labels", path("labels.csv"), "--label-column", "kind", "--json")
        #expect(several.output == expected, "\(several)")
        let lines = table(["kind"], kinds: ["0", "1", "2"]).split(separator: "\n").dropFirst()
        try write("zero.csv", (["0"] + lines).joined(separator: "\n") + "\n")
        let guessed = try evaluate("bare.csv", "--labels", path("zero.csv"))
        #expect(guessed.status == 1 && guessed.errors.contains("give --label-header"), "\(guessed)")
        // Some of both hide it: then the guess is said, or where the samples can be counted compared.
        let some = try evaluate("bare.csv", "--labels", path("zero.csv"), "--limit", "30")
        #expect(some.errors.contains("its first line '0' was taken as a label"), "\(some)")
        let told = try evaluate("bare.csv", "--labels", path("zero.csv"), "--label-header", "--json")
        #expect(told.output == expected, "\(told)")
    }

    /// Every command that gives samples to a network reads them in the one way that compares them.
    @Test(arguments: ["evaluate", "picture"]) func noCommandTakesAnotherScaleOrShape(command: String) throws {
        func pixels(_ name: String, sides: [Int], scale: Int) throws {
            let header: [UInt8] =
                [0, 0, 0x0C, UInt8(sides.count + 1), 0, 0, 0, 60] + sides.flatMap { [0, 0, 0, UInt8($0)] as [UInt8] }
            let size = sides.reduce(1, *)
            let numbers = (0..<60 * size).map { Int32($0 * 37 % 256 * scale).bigEndian }
            try (Data(header) + numbers.withUnsafeBytes { Data($0) }).write(to: URL(filePath: path(name)))
        }
        try pixels("images.idx", sides: [4, 3], scale: 1)
        try pixels("turned.idx", sides: [3, 4], scale: 1)
        try pixels("bright.idx", sides: [4, 3], scale: 100)
        try write(
            "plan.yaml",
            """
            data: {unlabeled: {path: images.idx, divide_by: 255}, held_out: 10}
            layers: [{units: 4}]
            pretraining: {rounds: 2}
            """)
        let run = try Cairn.run(["pretrain", path("plan.yaml"), "--output", path("out"), "--quiet"])
        try #require(run.status == 0, "\(run.errors)")
        func use(_ samples: String, _ more: String...) throws -> Cairn.Ended {
            let output = command == "picture" ? ["--output", path("picture.png")] : []
            return try Cairn.run(
                [command, path("out/weights.safetensors"), "--samples", path(samples), "--quiet"] + output + more)
        }
        let good = try use("images.idx")
        #expect(good.status == 0, "\(good.errors)")
        let turned = try use("turned.idx")
        #expect(turned.status == 1 && turned.errors.contains("save x.transpose(0, 2, 1)"), "\(turned.errors)")
        let bright = try use("bright.idx")
        #expect(bright.status == 1 && bright.errors.contains("--divide-by"), "\(bright.errors)")
        #expect(try use("bright.idx", "--divide-by", "25500").status == 0)
    }

    @Test func noOtherCommandReadsSamplesForANetwork() throws {
        let commands = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/Commands")
        let files = FileManager.default.enumerator(at: commands, includingPropertiesForKeys: nil)?.compactMap {
            $0 as? URL
        }
        var readers: [String] = []
        for file in files ?? [] where file.pathExtension == "swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            guard text.contains("SampleFile."), text.contains(".model(file:") else { continue }
            readers.append(file.lastPathComponent)
            #expect(text.contains("ModelSamples("), "\(file.lastPathComponent)")
        }
        #expect(readers.sorted() == ["EvaluateCommand.swift", "PictureCommand.swift"])
    }
}
