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

    /// A fine-tuning's classifier, `classifierParameters`: where its task has trained the output alone, on top of the
    /// pretrained encoders.
    func classifier(_ completion: TaskCompletion, of run: RunState) throws -> [Float] {
        let tuned = try update(completion).vector()
        let network = run.network
        let whole = network.classifierParameters(classes: run.manifest?.classes ?? 0).elementCount
        guard tuned.count < whole else { return tuned }
        let stack = try autoencoders(run.stageWeights, of: run).enumerated().flatMap { layer, weights in
            weights.prefix(network.encoderParameters(layer: layer).elementCount)
        }
        return stack + tuned
    }

    /// The weights of each layer's autoencoder, as the last of some stages that trained it left them.
    ///
    /// - Parameter stages: the weights of the run's first stages.
    func autoencoders(_ stages: [Digest], of run: RunState) throws -> [[Float]] {
        var layers: [[Float]] = []
        let trained = Array(zip(stages, run.plan.autoencoderStages))
        // What a later stage trained from the bottom up is not read.
        for (digest, stage) in trained.suffix(from: trained.lastIndex { $0.1.layer == 0 } ?? 0) {
            let whole = try weights(digest, stage.parameters(of: run.network))
            guard stage.decoders.count > 1 else {
                layers = layers.prefix(stage.layer) + [whole]
                continue
            }
            var rest = whole[...]
            let trained = stage.decoders.enumerated().map { index, decoder in
                let parameters = run.network.autoencoderParameters(
                    layer: stage.layer + index, decoder: decoder.constraint)
                defer { rest = rest.dropFirst(parameters.elementCount) }
                return Array(rest.prefix(parameters.elementCount))
            }
            layers = layers.prefix(stage.layer) + trained
        }
        return layers
    }
}
