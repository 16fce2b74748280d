import DataFormats
import FoundationEssentials
import Kinds
import ModelFormat
import PlanFile
import RunProtocol

extension FuzzTarget {
    static func readWeights(_ bytes: UnsafeRawBufferPointer) throws {
        guard let file = try accepted({ try Safetensors(decoding: Array(bytes), path: "x") }) else { return }
        let encoded = file.encoded()
        let again = try Safetensors(decoding: Array(encoded), path: "x")
        try promise(again.tensors == file.tensors && again.metadata == file.metadata, "its header is another")
        try promise(again.values.hasBits(of: file.values), "its values are others")
        let parameters = file.tensors.map {
            ParameterSpec(name: $0.name, shape: $0.shape, role: .weight, initializer: .zero)
        }
        try encoded.withUnsafeBytes { bytes in
            let values = try MemoryFile.with(bytes) { try WeightsBlob.read($0, parameters) }
            try promise(values.hasBits(of: file.values), "a blob's values are others")
        }
        guard let model = try accepted({ try ModelKinds.standard.model(decoding: Array(bytes), path: "x") })
        else { return }
        try promise(model.weights.allSatisfy(\.isFinite), "a weight is not finite")
        try promise(model.weights.count == model.description.parameters.elementCount, "weights are missing")
        let same = try ModelKinds.standard.model(decoding: Array(model.encoded()), path: "x")
        try promise(same.description == model.description, "its description is another")
        try promise(same.weights.hasBits(of: model.weights), "its weights are others")
    }

    static func readPlan(_ bytes: UnsafeRawBufferPointer) throws {
        guard let text = String(validating: bytes, as: UTF8.self),
            let plan = try accepted({ try PlanReader.read(text, .standard) })
        else { return }
        try promise(try throughJSON(plan) == plan, "it is another when it is read from the coordinator's store")
        let kind = try ModelKinds.standard.kind(of: plan)
        try promise(!kind.outline(of: plan).stages.isEmpty, "it has no stages")
        try promise(!kind.summary(of: plan).isEmpty, "nothing can be said of it")
        guard plan.model == nil else { return }
        let stacked = try plan.decoded(as: StackedPlan.self)
        try promise(stacked.plan == plan, "it is another when it is written again")
        let image = ImageShape(height: 28, width: 28, channels: 1)
        let network = NetworkSpec(inputSize: image.count, image: image, layers: stacked.layers)
        try promise(stacked.stages.count == stacked.layers.count, "it has \(stacked.stages.count) stages")
        try promise(stacked.sparsity?.allSatisfy(\.isPossible) ?? true, "its sparsity is not possible")
        guard network.isWithinLimits else { return }
        for stage in stacked.autoencoderStages {
            try promise(stage.parameters(of: network).elementCount > 0, "\(stage.name) has no weights")
        }
    }
}
