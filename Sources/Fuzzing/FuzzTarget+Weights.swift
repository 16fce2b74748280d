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
        guard let model = try accepted({ try ModelKinds.standard.model(decoding: Array(bytes), path: "x") }) else {
            return
        }
        try promise(model.weights.allSatisfy(\.isFinite), "a weight is not finite")
        try promise(model.weights.count == model.description.parameters.elementCount, "weights are missing")
        let same = try ModelKinds.standard.model(decoding: Array(model.encoded()), path: "x")
        try promise(same.description == model.description, "its description is another")
        try promise(same.weights.hasBits(of: model.weights), "its weights are others")
    }
}
