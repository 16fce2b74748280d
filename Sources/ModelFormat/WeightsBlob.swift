package import DataFormats
import PrintableText
package import RunProtocol

/// Weights as they travel and are kept: safetensors with the tensors of a parameter list, in its order.
package enum WeightsBlob {
    /// - Parameter weights: flat, in the order of `parameters`.
    package static func file(
        _ weights: [Float], _ parameters: [ParameterSpec], metadata: [String: String] = [:]
    ) -> Safetensors {
        Safetensors(
            tensors: parameters.map { Safetensors.Tensor(name: $0.name, shape: $0.shape) }, values: weights,
            metadata: metadata)
    }

    /// Reads a file.
    /// - Returns: flat, in the order of `parameters`.
    /// - Throws: `.wrongShape` whenever the tensors are not those of `parameters`.
    package static func read(_ path: String, _ parameters: [ParameterSpec]) throws(DataError) -> [Float] {
        try flatten(try Safetensors(file: path), parameters, path: path)
    }

    package static func flatten(
        _ file: Safetensors, _ parameters: [ParameterSpec], path: String
    ) throws(DataError) -> [Float] {
        let found = file.tensors.map { "\($0.name) \($0.shape)" }
        let expected = parameters.map { "\($0.name) \($0.shape)" }
        guard found == expected else {
            let names = found.prefix(4).map { $0.printable() }.joined(separator: ", ")
            throw DataError(
                .wrongShape, at: path, "its tensors (\(names), ...) are not those of the network that it describes")
        }
        return file.values
    }
}
