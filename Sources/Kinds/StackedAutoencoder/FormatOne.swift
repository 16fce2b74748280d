import FoundationEssentials
package import ModelFormat
package import RunProtocol

/// The first format's description of an exported file: of a network by its layers.
struct FormatOne: Decodable {
    var format: Int
    var part: ExportDescription.Part
    var network: NetworkSpec
    var divisor: Double
    var decoders: [DecoderSpec]
    var sparsity: [Sparsity]?
    var classes: Int?
    var classNames: [String]?
    var columns: [String]?
    var sampleShape: [Int]?
    var range: NumberRange?
    var planHash: Digest

    static func description(_ json: Data) -> ModelDescription? {
        guard let own = try? JSONDecoder().decode(Self.self, from: json), own.isPlausible else { return nil }
        let input = ModelDescription.Input(
            divisor: own.divisor, columns: own.columns, fileShape: own.sampleShape, range: own.range)
        guard own.part == .fineTuned else {
            return ModelDescription(
                reconstructing: own.network, decoders: own.decoders, sparsity: own.sparsity, input: input,
                planHash: own.planHash)
        }
        return ModelDescription(
            classifying: own.network, classes: own.classes ?? 0, names: own.classNames, input: input,
            planHash: own.planHash)
    }

    /// Whether sizes computed from it cannot overflow.
    private var isPlausible: Bool {
        guard format == 1, network.isWithinLimits, sparsity.map({ $0.count == network.layers.count }) ?? true,
            sparsity?.allSatisfy(\.isPossible) ?? true
        else { return false }
        if part == .pretrained { return decoders.count == network.layers.count }
        return part == .fineTuned && (1...Limits.classes).contains(classes ?? 0)
    }
}

extension ModelDescription {
    /// All autoencoders, one above the other.
    package init(
        reconstructing network: NetworkSpec, decoders: [DecoderSpec], sparsity: [Sparsity]?, input: Input,
        planHash: Digest
    ) {
        let (graph, values) = network.autoencoderGraph(layer: 0, decoders: decoders, sparsity: sparsity ?? [])
        self.init(
            part: .pretrained, graph: graph,
            use: .reconstruction(target: values.target, code: values.code, output: values.output), inputs: [input],
            planHash: planHash)
    }

    /// All encoders with the classifier above them.
    package init(classifying network: NetworkSpec, classes: Int, names: [String]?, input: Input, planHash: Digest) {
        let graph = network.classifierGraph(classes: classes)
        self.init(
            part: .fineTuned, graph: graph, use: .classes(output: graph.valueCount - 1), inputs: [input],
            classNames: names, planHash: planHash)
    }
}

extension ExportDescription.Part {
    /// Encoders and decoders as pretraining left them.
    package static let pretrained = name("pretrained")
    /// The encoder and softmax layer of the first draw.
    package static let fineTuned = name("fine-tuned")

    private static func name(_ text: String) -> Self {
        Self(rawValue: text) ?? { preconditionFailure("\(text) is a name of an export") }()
    }
}
