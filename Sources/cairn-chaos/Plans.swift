import Chaos
import FoundationEssentials

/// The plans that are used where no other is named: stacked autoencoders.
extension TestPlan {
    /// Its training diverges: a table with a column of 1,000,000 and more, whose squares no result can hold.
    static func diverging(in folder: String) throws -> TestPlan {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let rows = (0..<400).map { "0.\($0 % 7),\(1_000_000 + $0),0.\($0 % 3)" }
        let table = (["first,number,last"] + rows).joined(separator: "\n") + "\n"
        try Data(table.utf8).write(to: URL(filePath: folder + "/table.csv"))
        let text = """
            name: \(Storm.Settings.divergingName)
            data: {unlabeled: table.csv, held_out: 50, shards: 3}
            layers: [{units: 4}]
            pretraining: {rounds: 3, replicas: 3, loss: mean_squared_error}

            """
        return try TestPlan(text, file: folder + "/plan.yaml")
    }

    private static let images = "/usr/share/datasets/fashion-mnist"

    /// Some seconds of tasks of a few tenths of a second, through every kind of stage.
    static let short = """
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
    static let rounds = """
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
