import RunProtocol

/// The codes of some samples by all pretrained layers, part by part; or, of all parts together, mean, standard deviation
/// and range of each of the codes' numbers.
struct EncodingStage: Stage {
    enum Result: String { case codes, statistics }

    let result: Result
    let name: String
    let graph: Graph
    let seedKey: UInt64
    let parts: [SampleSet]
    let encoders: BlobRecipe

    static func title(_ result: Result, of name: String) -> String { "\(result.rawValue) of \(name)" }

    var title: String { Self.title(result, of: name) }
    var taskCount: Int { result == .codes ? parts.count : 1 }
    var frozen: BlobRecipe? { nil }
    var starts: [BlobRecipe] { [encoders] }
    var outputs: StageOutputs { .codes }

    func part(ofTask index: Int) -> Int { 0 }
    func title(ofTask index: Int) -> String { title }

    func work(ofTask index: Int, _ context: TaskContext) -> Work {
        switch result {
        case .codes: .encode(EncodeWork(graph: graph, weights: context.weights[0], data: parts[index].fields))
        case .statistics:
            .fit(FitWork(.statistics, of: graph, weights: context.weights[0], over: parts.map(\.fields)))
        }
    }
}

extension StageOutputs {
    /// Numbers for an export, of which nothing is told but that they are there.
    static let codes = StageOutputs(isCollected: true, trains: false, text: "codes for the export")
}
