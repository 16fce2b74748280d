import RunProtocol

/// The codes of some samples by all pretrained layers, part by part.
struct EncodingStage: Stage {
    let name: String
    let graph: Graph
    let seedKey: UInt64
    let parts: [SampleSet]
    let encoders: BlobRecipe

    static func title(of name: String) -> String { "codes of \(name)" }

    var title: String { Self.title(of: name) }
    var taskCount: Int { parts.count }
    var frozen: BlobRecipe? { nil }
    var starts: [BlobRecipe] { [encoders] }
    var outputs: StageOutputs { .codes }

    func part(ofTask index: Int) -> Int { 0 }
    func title(ofTask index: Int) -> String { title }

    func work(ofTask index: Int, _ context: TaskContext) -> Work {
        .encode(EncodeWork(graph: graph, weights: context.weights[0], data: parts[index].fields))
    }
}

/// Mean, standard deviation and range of each of these codes' numbers.
struct StatisticsStage: Stage {
    let name: String
    let graph: Graph
    let seedKey: UInt64
    let parts: [SampleSet]
    let encoders: BlobRecipe

    static func title(of name: String) -> String { "statistics of \(name)" }

    var title: String { Self.title(of: name) }
    var taskCount: Int { 1 }
    var frozen: BlobRecipe? { nil }
    var starts: [BlobRecipe] { [encoders] }
    var outputs: StageOutputs { .codes }

    func part(ofTask index: Int) -> Int { 0 }
    func title(ofTask index: Int) -> String { title }

    func work(ofTask index: Int, _ context: TaskContext) -> Work {
        .fit(FitWork(.statistics, of: graph, weights: context.weights[0], over: parts.map(\.fields)))
    }
}

extension StageOutputs {
    /// Numbers for an export, of which nothing is told but that they are there.
    static let codes = StageOutputs(isCollected: true, trains: false, text: "codes for the export")
}
