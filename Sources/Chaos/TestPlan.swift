import FoundationEssentials
import RunProtocol

/// A plan's file, and what a coordinator is told of it.
package struct TestPlan: Sendable {
    let path: String
    /// What relative paths in it start from.
    let folder: String
    let submission: RunSubmission

    /// - Throws: `ChaosError` whenever the file cannot be read.
    package init(file: String) throws {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
            throw ChaosError("'\(file)' cannot be read")
        }
        path = file.hasPrefix("/") ? file : FileManager.default.currentDirectoryPath + "/" + file
        folder = URL(filePath: path).deletingLastPathComponent().path
        submission = RunSubmission(plan: text, folder: folder)
    }

    package init(_ text: String, file: String) throws {
        try Data(text.utf8).write(to: URL(filePath: file))
        try self.init(file: file)
    }

    static let divergingName = "diverging"

    /// A table with a column of 1,000,000 and more, whose squares no result can hold.
    static func diverging(in folder: String) throws -> TestPlan {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let rows = (0..<400).map { "0.\($0 % 7),\(1_000_000 + $0),0.\($0 % 3)" }
        let table = (["first,number,last"] + rows).joined(separator: "\n") + "\n"
        try Data(table.utf8).write(to: URL(filePath: folder + "/table.csv"))
        let text = """
            name: \(divergingName)
            data: {unlabeled: table.csv, held_out: 50, shards: 3}
            layers: [{units: 4}]
            pretraining: {rounds: 3, replicas: 3, loss: mean_squared_error}

            """
        return try TestPlan(text, file: folder + "/plan.yaml")
    }

    private static let images = "/usr/share/datasets/fashion-mnist"

    /// Some seconds of tasks of a few tenths of a second, through every kind of stage.
    package static let short = """
        name: chaos
        seed: 7
        data:
          unlabeled: {path: \(images)/train-images-idx3-ubyte.gz, limit: 10000}
          held_out: 300
          shards: 4
          labeled:
            samples: {path: \(images)/train-images-idx3-ubyte.gz, limit: 2000}
            labels: \(images)/train-labels-idx1-ubyte.gz
            per_class: 3
            draws: 2
          test:
            samples: {path: \(images)/t10k-images-idx3-ubyte.gz, limit: 500}
            labels: \(images)/t10k-labels-idx1-ubyte.gz
        layers: [{units: 400}, {units: 300}]
        pretraining: {rounds: 3, replicas: 4, local_epochs: 2, outer_optimizer: nesterov}
        fine_tuning: {epochs: 20}

        """

    /// Rounds of four tasks of a second or two, and nothing else.
    package static let rounds = """
        name: rounds
        seed: 7
        data:
          unlabeled: {path: \(images)/train-images-idx3-ubyte.gz, limit: 40000}
          held_out: 300
          shards: 4
        layers: [{units: 500}]
        pretraining: {rounds: 8, replicas: 4}

        """
}
