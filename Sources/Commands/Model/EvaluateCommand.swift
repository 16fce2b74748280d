import ArgumentParser
import DataFormats
import ModelFormat
import PlanFile
import PrintableText
import RunProtocol
import TensorCore
import Training

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Test an exported network on samples that it has not seen.",
        discussion: """
            A classifier: prints the test error and the confusion matrix, a row for each class, a column for each answer. \
            Pretrained weights: prints how far samples that went through all encoders and back are from what they were. \
            Columns and classes are matched by their names where both sides have any.
            """)

    /// What `--json` prints for a classifier.
    private struct Report: Encodable {
        var tested: Int
        var error: Double
        /// What the rows and columns of `confusion` are called.
        var classNames: [String]
        var confusion: [[Int]]
    }

    /// What `--json` prints for pretrained weights.
    private struct ReconstructionReport: Encodable {
        var tested: Int
        /// The mean over samples of the squared error, summed over a sample's numbers.
        var squaredError: Double
        /// The same for predicting each feature's mean over these samples; nil for a single sample.
        var meanError: Double?
        /// The error as a multiple of that of predicting the mean; nil where the samples are all alike.
        var ratio: Double?
    }

    @Argument(help: "A file that `cairn export RUN --part fine-tuned` or `cairn pretrain` wrote.") var file: String
    @Option(help: "The samples: IDX, NPY, CSV or a folder of images.") var samples: String
    @Option(help: "The file with a class for each sample; a classifier needs it, --label-column or --label-folders.")
    var labels: String?
    @Flag(inversion: .prefixedNo, help: "Whether the first line of --labels holds a name. [default: guessed]")
    var labelHeader: Bool?
    @Option(help: "Which array of --labels, where that is an NPZ file.") var labelArray: String?
    @Flag(help: "Instead of --labels: the samples are a folder with a subfolder for each class.") var labelFolders =
        false
    @OptionGroup var reading: ReadingArguments
    @Option(help: "Only the first samples.") var limit: Int?
    @Option(help: "Divide every number by this; else by what the network's own samples were divided by.")
    var divideBy: Double?
    @Flag(help: "Show no progress.") var quiet = false
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        guard (limit ?? 1) > 0 else { throw ValidationError("--limit is a whole number from 1.") }
        guard (1e-9...1e9).contains(divideBy ?? 1) else { throw ValidationError("--divide-by goes from 1e-9 to 1e9.") }
        guard !labelFolders || labels == nil && reading.labelColumn == nil else {
            throw ValidationError("--label-folders stands instead of --labels and --label-column.")
        }
        guard labels != nil || labelHeader == nil && labelArray == nil else {
            throw ValidationError("--label-header and --label-array say how --labels is read; give that too.")
        }
    }

    func run() throws {
        let model = try Cairn.kinds.model(file: file)
        let rows = try WorkProgress.during("reading", isQuiet: quiet) { try SampleFile.rows(samples, sampleOptions) }
        let matched = try ModelSamples(rows, path: samples, for: model.description, divideBy: divideBy)
        let truth = try model.description.outputNames.map { try readLabels(among: $0) }
        Engine.useOneThread()
        if let truth {
            try classify(matched, truth, model)
        } else {
            try reconstruct(matched, model)
        }
    }

    /// Without the column of labels, where it is one of the samples' own file.
    private var sampleOptions: ReadingOptions {
        labels == nil ? reading.sampleOptions(limit: limit) : reading.options(limit: limit)
    }

    // MARK: A classifier

    /// - Returns: each sample's place among the classifier's outputs.
    private func readLabels(among names: [String]) throws -> [Int32] {
        let (found, path): (ClassLabels, String)
        if let labels {
            guard !OutputFolder.isThere(labels) else {
                throw CommandError("\(labels): is a folder; give --label-folders where its subfolders are the classes")
            }
            (found, path) = (try readLabels(of: labels, limit: limit), labels)
            // Labels that begin one place too early or too late are wrong for each sample.
            let whole = limit == nil ? nil : try SampleFile.header(samples, sampleOptions)
            if let whole, !whole.isEstimate {
                try checkCounts(samples: whole.count, labels: readLabels(of: labels, limit: nil).indices.count)
            }
        } else if let column = reading.labelColumn {
            (found, path) = (try SampleFile.labels(samples, column: column, reading.options(limit: limit)), samples)
        } else if labelFolders {
            (found, path) = (try SampleFile.folderLabels(samples, limit: limit), samples)
        } else {
            throw CommandError(
                "a classifier is tested against labels; give --labels FILE, --label-column NAME for a column of a CSV,"
                    + " or --label-folders where the samples' subfolders are the classes")
        }
        for remark in found.remarks { FileHandleOutput.standardError(remark + "\n") }
        return try ClassMatch.indices(
            found.indices, of: found.names, among: names, path: path, whose: "the network does not know")
    }

    private func readLabels(of path: String, limit: Int?) throws -> ClassLabels {
        try SampleFile.labels(
            path, column: reading.labelColumn, ReadingOptions(limit: limit, header: labelHeader, array: labelArray))
    }

    private func checkCounts(samples: Int, labels count: Int) throws {
        guard samples != count else { return }
        let hint = labels == nil ? "" : "; where its first line holds a name, give --label-header"
        throw CommandError("\(labels ?? self.samples): has \(count) labels for \(samples) samples\(hint)")
    }

    private func classify(_ samples: ModelSamples, _ truth: [Int32], _ model: Model) throws {
        let (names, graph) = (model.description.outputNames ?? [], model.description.graph)
        let count = samples.rows.count
        try checkCounts(samples: count, labels: truth.count)
        try AvailableMemory.check(
            TaskFunctions.classifyingMemory(graph, classes: names.count, samples: count)
                + samples.partMemory, for: file)
        let progress = WorkProgress("testing", unit: "samples", of: count, isQuiet: quiet)
        var answers: [Int32] = []
        try samples.forEachPart { part in
            answers += try TaskFunctions.classify(
                part, by: graph, weights: model.weights, progress: progress.advance)
        }
        progress.end()
        var confusion = [[Int]](repeating: [Int](repeating: 0, count: names.count), count: names.count)
        for (label, answer) in zip(truth, answers) { confusion[Int(label)][Int(answer)] += 1 }
        let error = confusion.errorRate
        guard !json else {
            return try JSONOutput.print(
                Report(tested: count, error: error, classNames: names, confusion: confusion))
        }
        say("test error \((error * 100).formatted(decimals: 2)) % of \(count) samples")
        say(lines: ConfusionTable(names: names, confusion: confusion).text)
    }

    // MARK: Pretrained weights

    private func reconstruct(_ samples: ModelSamples, _ model: Model) throws {
        guard labels == nil, !labelFolders, let network = Reconstruction(model) else {
            throw CommandError("\(file): has no classifier; use the one that was exported with --part fine-tuned")
        }
        let count = samples.rows.count
        try AvailableMemory.check(network.memory(samples: count) + samples.partMemory, for: file)
        let progress = WorkProgress("testing", unit: "samples", of: count, isQuiet: quiet)
        var measure = ReconstructionMeasure(network)
        try samples.forEachPart { try measure.add($0, progress: progress.advance) }
        progress.end()
        let (error, meanError) = (measure.error, measure.meanError)
        let ratio = meanError.flatMap { $0 > 0 ? error / $0 : nil }
        guard !json else {
            return try JSONOutput.print(
                ReconstructionReport(tested: count, squaredError: error, meanError: meanError, ratio: ratio))
        }
        say(
            "squared error \(error.formatted(decimals: 3)) a sample, summed over its numbers, of \(count) samples"
        )
        if let meanError {
            let ratio = ratio.map { ", ratio \($0.formatted(decimals: 3))" } ?? ""
            say("predicting each feature's mean \(meanError.formatted(decimals: 3))\(ratio)")
        }
    }
}

/// A confusion matrix as people read it: a row for each class, a column for each answer, both with their names.
struct ConfusionTable {
    private static let longestName = 24
    private static let longestColumn = 10

    let names: [String]
    let confusion: [[Int]]

    var text: String {
        let rows = names.map { $0.printable(atMost: Self.longestName) }
        let titles = names.map { $0.printable(atMost: Self.longestColumn) }
        let counts = confusion.map { $0.map { "\($0)" } }
        let first = rows.map(\.count).max() ?? 0
        let widths = titles.indices.map { column in
            max(titles[column].count, counts.map { $0[column].count }.max() ?? 0)
        }
        func line(_ start: String, _ cells: [String]) -> String {
            let padded = zip(cells, widths).map { String(repeating: " ", count: $1 - $0.count + 2) + $0 }
            return start + String(repeating: " ", count: first - start.count) + padded.joined()
        }
        return ([line("", titles)] + zip(rows, counts).map(line)).joined(separator: "\n")
    }
}
