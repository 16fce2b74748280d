import ArgumentParser
import DataFormats
import FoundationEssentials
import ModelFormat
import RunProtocol
import TensorCore
import Training
import WorkerRuntime

/// `cairn evaluate`
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Classify a test set with an exported classifier.",
        discussion: "Prints the test error and the confusion matrix: a row for each class, a column for each answer.")

    /// What `--json` prints.
    private struct Report: Encodable {
        var tested: Int
        var error: Double
        var confusion: [[Int]]
    }

    @Argument(help: "A file that `cairn export RUN --part fine-tuned` or `cairn pretrain` wrote.") var file: String
    @Option(help: "The samples: IDX, NPY, CSV or a folder of images.") var samples: String
    @Option(help: "The file with a class from 0 for each sample.") var labels: String
    @Option(help: "Only the first samples.") var limit: Int?
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        guard (limit ?? 1) > 0 else { throw ValidationError("--limit is a whole number from 1.") }
    }

    func run() throws {
        let model = try Model(decoding: try FileBytes.read(file), path: file)
        let description = model.description
        guard description.part == .fineTuned, let classes = description.classes else {
            throw CommandError("\(file): has no classifier; export the one of a run with --part fine-tuned")
        }
        let table = try SampleFile.samples(samples, limit: limit)
        guard table.size == description.network.inputSize else {
            throw CommandError(
                "\(samples): its samples have \(table.size) numbers; the network takes \(description.network.inputSize)"
            )
        }
        let truth = try SampleFile.labels(labels, limit: limit)
        guard truth.count == table.count else {
            throw CommandError("\(labels): has \(truth.count) labels for \(table.count) samples")
        }
        if let stranger = truth.first(where: { $0 >= classes }) {
            throw CommandError("\(labels): has the class \(stranger); the network knows 0 to \(classes - 1)")
        }
        Engine.useOneThread()
        let answers = try TaskFunctions.classify(
            network: description.network, classes: classes, weights: model.weights,
            samples: Samples(table, divisor: description.divisor))
        var confusion = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
        for (label, answer) in zip(truth, answers) { confusion[Int(label)][Int(answer)] += 1 }
        let result = EvaluationResult(draw: 0, pretrained: true, labels: 0, confusion: confusion)
        guard !json else {
            try JSONOutput.print(Report(tested: result.tested, error: result.error, confusion: confusion))
            return
        }
        print("test error \((result.error * 100).formatted(decimals: 2)) % of \(result.tested) samples")
        let width = (confusion.joined().map { "\($0)".count }.max() ?? 1) + 1
        for row in confusion {
            print(row.map { String(repeating: " ", count: width - "\($0)".count) + "\($0)" }.joined())
        }
    }
}
