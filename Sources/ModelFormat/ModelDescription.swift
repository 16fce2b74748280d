package import DataFormats
package import FoundationEssentials
package import RunProtocol

/// What an exported file holds, beside its tensors: enough to use the network without the plan. It stands as JSON in the
/// safetensors metadata under `cairn`, and carries no time, host or run, so that equal weights make equal files.
package struct ModelDescription: Codable, Hashable, Sendable {
    /// Of this description: 1.
    package var format = 1
    package var part: ExportDescription.Part
    package var network: NetworkSpec
    /// The samples' numbers were divided by this.
    package var divisor: Double
    /// How each layer's decoder goes with its encoder; empty in a fine-tuned file, which has no decoders.
    package var decoders: [DecoderSpec]
    /// What each layer's decoder was trained to see of its code; nil where all see all of it.
    package var sparsity: [Sparsity]?
    /// Of a fine-tuned file.
    package var classes: Int?
    /// The classes' names, in the order of the classifier's outputs; nil where they are only numbers from 0.
    package var classNames: [String]?
    /// The names of a sample's numbers, where the file that they came from named its columns.
    package var columns: [String]?
    /// How a sample lay in its file, such as [28, 28].
    package var sampleShape: [Int]?
    /// How far the samples' numbers reached when they were divided.
    package var range: NumberRange?
    /// SHA-256 of the plan's settings and its data's contents.
    package var planHash: Digest

    package init(
        part: ExportDescription.Part, network: NetworkSpec, divisor: Double, decoders: [DecoderSpec],
        sparsity: [Sparsity]? = nil, classes: Int? = nil, planHash: Digest
    ) {
        self.part = part
        self.network = network
        self.divisor = divisor
        self.decoders = decoders
        self.sparsity = sparsity
        self.classes = classes
        self.planHash = planHash
    }

    /// What samples must be like that the network is given.
    package var expectation: SampleExpectation {
        SampleExpectation(
            shape: sampleShape ?? network.image.map { [$0.height, $0.width, $0.channels] } ?? [network.inputSize],
            columns: columns, divisor: divisor, range: range)
    }

    /// What the classifier's outputs are called.
    package var outputNames: [String] { classNames ?? (0..<(classes ?? 0)).map { "\($0)" } }

    /// The tensors that the file has, in their order.
    package var parameters: [ParameterSpec] {
        part == .fineTuned
            ? network.classifierParameters(classes: classes ?? 0)
            : network.autoencoderParameters(first: 0, decoders: decoders)
    }
}

/// An exported network: its description and its weights, flat in the order of `description.parameters`.
package struct Model: Hashable, Sendable {
    package var description: ModelDescription
    package var weights: [Float]

    package init(description: ModelDescription, weights: [Float]) {
        self.description = description
        self.weights = weights
    }

    package func encoded() throws -> Data { try file().encoded() }

    /// The file, to be written part by part.
    package func file() throws -> Safetensors {
        WeightsBlob.file(weights, description.parameters, metadata: description.metadata)
    }

    /// Reads an exported file.
    ///
    /// - Throws: whenever it is not one, or its tensors are not those that its description names.
    package init(decoding bytes: [UInt8], path: String) throws(DataError) {
        try self.init(try Safetensors(decoding: bytes, path: path), path: path)
    }

    /// The same of a file, which is not in memory beside its weights.
    package init(file path: String) throws(DataError) {
        try self.init(try Safetensors(file: path), path: path)
    }

    private init(_ file: Safetensors, path: String) throws(DataError) {
        guard let text = file.metadata["cairn"] else {
            throw DataError(
                .malformedHeader, at: path, "there is no description of the network in its metadata",
                hint: "use a file that `cairn export` or `cairn pretrain` wrote")
        }
        guard let description = try? JSONDecoder().decode(ModelDescription.self, from: Data(text.utf8)),
            description.format == 1, description.isPlausible
        else {
            throw DataError(
                .malformedHeader, at: path, "its description of the network cannot be understood",
                hint: "was it written by another version of this program?")
        }
        let weights = try WeightsBlob.flatten(file, description.parameters, path: path)
        guard weights.allSatisfy(\.isFinite) else {
            throw DataError(.notFinite, at: path, "a weight is not finite", hint: "fetch or export the file again")
        }
        self.init(description: description, weights: weights)
    }
}

extension ModelDescription {
    /// The metadata of its file.
    package var metadata: [String: String] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let text = try? encoder.encode(self) else { preconditionFailure("numbers of a description are finite") }
        return ["cairn": String(decoding: text, as: UTF8.self), "format": "pt"]
    }

    /// Whether sizes computed from it cannot overflow.
    fileprivate var isPlausible: Bool {
        [.pretrained, .fineTuned].contains(part) && network.isWithinLimits && (1e-9...1e9).contains(divisor)
            && sparsity.map { $0.count == network.layers.count && $0.allSatisfy(\.isPossible) } ?? true
            && (part == .pretrained
                ? decoders.count == network.layers.count : (1...Limits.classes).contains(classes ?? 0))
            && classNames.map { $0.count == classes } ?? true
            && columns.map { $0.count == network.inputSize } ?? true
            && sampleShape.map { Self.size(of: $0) == network.inputSize } ?? true
    }

    /// - Returns: nil for what is no shape of a sample.
    private static func size(of shape: [Int]) -> Int? {
        guard shape.count <= 8 else { return nil }
        return shape.reduce(1) { size, side in
            size.flatMap { (1...Limits.sampleSize).contains(side) && $0 <= Limits.sampleSize ? $0 * side : nil }
        }
    }
}
