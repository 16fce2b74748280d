import RunProtocol

/// The codes of some samples by all pretrained layers, part by part.
struct EncodingStage: Stage {
    let title: String
    let graph: Graph
    let seedKey: UInt64
    let parts: [SampleSet]
    let encoders: BlobRecipe

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

extension StageOutputs {
    /// Codes: nothing of them is told but that they are there.
    static let codes = StageOutputs(isCollected: true, trains: false, text: "codes for the export")
}
