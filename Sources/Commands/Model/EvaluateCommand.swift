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
        abstract: "Test an exported network on samples that it has not seen.",
        discussion: """
            A classifier: prints the test error and the confusion matrix, a row for each class, a column for each answer. \
            Pretrained weights: prints how far samples that went through all encoders and back are from what they were.
            """)

    /// What `--json` prints for a classifier.
    private struct Report: Encodable {
        var tested: Int
        var error: Double
        var confusion: [[Int]]
    }

    /// What `--json` prints for pretrained weights.
    private struct ReconstructionReport: Encodable {
        var tested: Int
        /// The mean over samples of the squared error, summed over a sample's numbers.
        var squaredError: Double
    }

    @Argument(help: "A file that `cairn export RUN --part fine-tuned` or `cairn pretrain` wrote.") var file: String
    @Option(help: "The samples: IDX, NPY, CSV or a folder of images.") var samples: String
    @Option(help: "The file with a class from 0 for each sample; a classifier needs it.") var labels: String?
    @Option(help: "Only the first samples.") var limit: Int?
    @Flag(help: "Show no progress.") var quiet = false
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        guard (limit ?? 1) > 0 else { throw ValidationError("--limit is a whole number from 1.") }
    }

    func run() throws {
        let model = try Model(decoding: try FileBytes.read(file), path: file)
        let table = try SampleFile.samples(samples, limit: limit)
        guard table.size == model.description.network.inputSize else {
            throw CommandError(
                "\(samples): its samples have \(table.size) numbers; the network takes"
                    + " \(model.description.network.inputSize)")
        }
        Engine.useOneThread()
        let loaded = Samples(table, divisor: model.description.divisor)
        if let classes = model.description.classes {
            try classify(loaded, model, classes: classes)
        } else {
            try reconstruct(loaded, model)
        }
    }

    private func classify(_ samples: Samples, _ model: Model, classes: Int) throws {
        guard let labels else { throw CommandError("--labels is missing: a classifier is tested against them") }
        let truth = try SampleFile.labels(labels, limit: limit)
        guard truth.count == samples.count else {
            throw CommandError("\(labels): has \(truth.count) labels for \(samples.count) samples")
        }
        if let stranger = truth.first(where: { $0 >= classes }) {
            throw CommandError("\(labels): has the class \(stranger); the network knows 0 to \(classes - 1)")
        }
        let progress = WorkProgress("testing", unit: "samples", of: samples.count, isQuiet: quiet)
        let answers = try TaskFunctions.classify(
            network: model.description.network, classes: classes, weights: model.weights, samples: samples,
            progress: progress.advance)
        progress.end()
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

    private func reconstruct(_ samples: Samples, _ model: Model) throws {
        guard labels == nil else {
            throw CommandError("\(file): has no classifier; use the one that was exported with --part fine-tuned")
        }
        let progress = WorkProgress("testing", unit: "samples", of: samples.count, isQuiet: quiet)
        let error = TaskFunctions.reconstructionError(
            samples, network: model.description.network, decoders: model.description.decoders,
            sparsity: model.description.sparsity, weights: model.weights, progress: progress.advance)
        progress.end()
        guard !json else {
            try JSONOutput.print(ReconstructionReport(tested: samples.count, squaredError: error))
            return
        }
        print(
            "squared error \(error.formatted(decimals: 3)) a sample, summed over its numbers, of \(samples.count) samples"
        )
    }
}
