import Coordination
import ModelFormat
import RunProtocol
import RunStore
import UpdateFiles

/// Reads weights from blobs, each compared with its name before it is used.
struct WeightsReader: Sendable {
    let blobs: BlobFolder

    /// - Returns: flat, in the order of `parameters`.
    /// - Throws: `DamagedBlob` whenever the blob is not there or has been changed.
    func weights(_ digest: Digest, _ parameters: [ParameterSpec]) throws -> [Float] {
        try blobs.verify(digest)
        return try WeightsBlob.read(blobs.path(of: digest), parameters)
    }

    /// - Throws: `DamagedBlob` whenever the blob is not there or has been changed.
    func update(_ completion: TaskCompletion) throws -> UpdateFile {
        try blobs.verify(completion.update)
        return try UpdateFile(blobs.path(of: completion.update), limitBytes: .max)
    }

    /// Puts weights together, flat in the order of the recipe's parameters. Each blob is read once, one after the other.
    /// - Parameter stageWeights: of the stages that it names; nil: those with which they ended.
    func weights(
        _ recipe: BlobRecipe, of run: RunState, stageWeights: [Int: Digest]? = nil
    ) throws -> [Float] {
        let stageWeights = stageWeights ?? run.stageWeights
        var weights = [Float](repeating: 0, count: recipe.parameters.elementCount)
        let starts = recipe.parameters.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
        func fill(_ index: Int, _ values: some Collection<Float>) {
            weights.replaceSubrange(starts[index]..<starts[index + 1], with: values)
        }
        for (index, source) in recipe.sources.enumerated() {
            guard case .initializer(let seed) = source else { continue }
            fill(index, [recipe.parameters[index]].initialValues(seed: seed))
        }
        for (origin, indices) in recipe.origins {
            let (values, tensors) = try read(origin, of: run, stageWeights)
            for index in indices {
                guard let range = tensors[recipe.tensor(index)] else {
                    preconditionFailure("a recipe names a tensor that is not there")
                }
                fill(index, values[range])
            }
        }
        return weights
    }

    /// A blob's weights, and where in them the tensors lie, by their names or their places.
    private func read(
        _ origin: BlobRecipe.Origin, of run: RunState, _ stageWeights: [Int: Digest]
    ) throws -> (values: [Float], tensors: [BlobRecipe.Tensor: Range<Int>]) {
        let (parameters, values): ([ParameterSpec], [Float])
        switch origin {
        case .stage(let index):
            guard let digest = stageWeights[index] else { preconditionFailure("stage \(index) has not ended") }
            parameters = run.stages[index].parameters
            values = try weights(digest, parameters)
        case .result(let stage, let task):
            guard let result = run.collected[stage]?[task] else {
                preconditionFailure("stage \(stage) has not ended")
            }
            parameters = run.stages[stage].resultParameters(ofTask: task)
            // Results of earlier versions had frozen weights in front.
            values = Array(try update(result).vector().suffix(parameters.elementCount))
        }
        var (tensors, start): ([BlobRecipe.Tensor: Range<Int>], Int) = ([:], 0)
        for (place, parameter) in parameters.enumerated() {
            tensors[.name(parameter.name)] = start..<start + parameter.count
            tensors[.place(place)] = start..<start + parameter.count
            start += parameter.count
        }
        return (values, tensors)
    }
}
