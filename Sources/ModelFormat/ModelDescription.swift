package import DataFormats
package import FoundationEssentials
package import RunProtocol

/// What an exported file holds, beside its tensors: enough to use the network without the plan. It stands as JSON in the
/// safetensors metadata under `cairn`, and carries no time, host or run, so that equal weights make equal files.
package struct ModelDescription: Codable, Hashable, Sendable {
    /// What people ask of a network: values of its graph.
    package enum Use: Codable, Hashable, Sendable {
        /// `output` gives the value `target` back; `code` is what the network makes of it in between.
        case reconstruction(target: Int, code: Int, output: Int)
        /// The largest number of `output` is the class.
        case classes(output: Int)
    }

    /// What goes into the graph, beside its shape there.
    package struct Input: Codable, Hashable, Sendable {
        package var preprocessing: Preprocessing
        /// The names of a sample's numbers, where the file that they came from named its columns.
        package var columns: [String]?
        /// How a sample lay in its file, such as [28, 28]; nil: as in the graph.
        package var fileShape: [Int]?
        /// How far the samples' numbers reached when they were divided.
        package var range: NumberRange?

        package init(divisor: Double, columns: [String]? = nil, fileShape: [Int]? = nil, range: NumberRange? = nil) {
            preprocessing = .scale(divisor: divisor)
            (self.columns, self.fileShape, self.range) = (columns, fileShape, range)
        }
    }

    /// Of this description: 2.
    package var format = 2
    package var part: ExportDescription.Part
    /// Its parameters are the file's tensors.
    package var graph: Graph
    package var use: Use
    /// One for each of the graph's inputs.
    package var inputs: [Input]
    /// The classes' names, in the order of the output's numbers; nil where they are only numbers from 0.
    package var classNames: [String]?
    /// SHA-256 of the plan's settings and its data's contents.
    package var planHash: Digest

    package init(
        part: ExportDescription.Part, graph: Graph, use: Use, inputs: [Input], classNames: [String]? = nil,
        planHash: Digest
    ) {
        (self.part, self.graph, self.use, self.inputs) = (part, graph, use, inputs)
        (self.classNames, self.planHash) = (classNames, planHash)
    }

    /// The tensors that the file has, in their order.
    package var parameters: [ParameterSpec] { graph.parameters }

    /// What samples must be like that the network is given.
    package var expectation: SampleExpectation {
        SampleExpectation(
            shape: inputs[0].fileShape ?? graph.inputs[0].shape, columns: inputs[0].columns,
            divisor: inputs[0].preprocessing.divisor, range: inputs[0].range)
    }

    /// What the classes are called; nil where it has none.
    package var outputNames: [String]? {
        guard case .classes(let output) = use, let shapes = try? graph.shapes() else { return nil }
        return classNames ?? (0..<shapes[output].reduce(1, *)).map { "\($0)" }
    }
}

/// An exported network: its description and its weights, flat in the order of `description.parameters`.
package struct Model: Hashable, Sendable {
    package var description: ModelDescription
    package var weights: [Float]

    package init(description: ModelDescription, weights: [Float]) {
        (self.description, self.weights) = (description, weights)
    }

    package func encoded() throws -> Data {
        WeightsBlob.file(weights, description.parameters, metadata: description.metadata).encoded()
    }

    /// Reads an exported file.
    /// - Parameter earlier: makes a description of one that an earlier version wrote; nil where it is not one.
    /// - Throws: whenever it is not one, or its tensors are not those that its description names.
    package init(_ file: Safetensors, path: String, earlier: (Data) -> ModelDescription?) throws(DataError) {
        guard let text = file.metadata["cairn"] else {
            throw DataError(
                .malformedHeader, at: path, "there is no description of the network in its metadata",
                hint: "use a file that `cairn export` or `cairn pretrain` wrote")
        }
        let data = Data(text.utf8)
        guard let description = (try? JSONDecoder().decode(ModelDescription.self, from: data)) ?? earlier(data),
            description.format == 2, description.isPlausible
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

    /// Whether the graph can be computed, and all else belongs to it.
    fileprivate var isPlausible: Bool {
        guard let shapes = try? graph.shapes(), inputs.count == graph.inputs.count,
            Set(graph.parameters.map(\.name)).count == graph.parameters.count,
            zip(inputs, shapes).allSatisfy({ $0.isPlausible(size: $1.reduce(1, *)) })
        else { return false }
        switch use {
        case .reconstruction(let target, let code, let output):
            return [target, code, output].allSatisfy(shapes.indices.contains) && graph.inputs.indices.contains(target)
                && shapes[target].reduce(1, *) == shapes[output].reduce(1, *)
        case .classes(let output):
            guard output == shapes.count - 1, output >= graph.inputs.count else { return false }
            let count = shapes[output].reduce(1, *)
            return count <= Limits.classes && classNames.map { $0.count == count } ?? true
        }
    }
}

extension ModelDescription.Input {
    fileprivate func isPlausible(size: Int) -> Bool {
        preprocessing.isPossible && columns.map { $0.count == size } ?? true
            && fileShape.map { Self.size(of: $0) == size } ?? true
    }

    /// - Returns: nil for what is no shape of a sample.
    private static func size(of shape: [Int]) -> Int? {
        guard shape.count <= 8 else { return nil }
        return shape.reduce(1) { size, side in
            size.flatMap { (1...Limits.sampleSize).contains(side) && $0 <= Limits.sampleSize ? $0 * side : nil }
        }
    }
}
