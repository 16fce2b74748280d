package import RunProtocol

extension AutoencoderStage {
    /// The encoders of the layers below, which stay as they are; nil for the lowest layer.
    /// - Parameter weights: `stackParameters(count: layer)` as a blob.
    private func cut(_ network: NetworkSpec, _ weights: Digest?) -> Cut? {
        weights.map { Cut(graph: network.encoderGraph(layers: 0..<layer), weights: $0) }
    }

    /// Training on a shard.
    /// - Parameters:
    ///   - frozen: `stackParameters(count: layer)` as a blob; nil for layer 0.
    ///   - start: `parameters(of: network)` as a blob: where the round starts.
    ///   - round: from 1.
    package func training(
        of network: NetworkSpec, frozen: Digest?, start: Digest, on shard: SampleSet, round: Int, seed: UInt64
    ) -> TrainWork {
        let (graph, values) = network.autoencoderGraph(
            layer: layer, decoders: decoders, corruption: settings.corruption, shift: settings.randomShift,
            sparsity: decoders.dropLast().map { _ in .none } + [settings.sparsity])
        let frozenNames = Set(
            (0..<frozenEncoders).flatMap { index in
                network.encoderParameters(layer: layer + index).map(\.name)
            })
        let training = TrainingSettings(
            epochs: settings.localEpochs, batchSize: settings.batchSize,
            samplesAtOnce: graph.samplesAtOnce(sparsity: settings.sparsity), optimizer: settings.optimizer,
            rates: graph.parameters.map { frozenNames.contains($0.name) ? nil : settings.optimizer.learningRate },
            schedule: settings.schedule, weightDecay: settings.weightDecay ?? 0, precision: settings.precision,
            revival: revival(of: network, values), activity: values.kept)
        return TrainWork(
            graph: graph, cut: cut(network, frozen), objective: objective(values, penalized: true),
            settings: training, start: TrainWork.Start(start, count: graph.parameters.count), data: shard.fields,
            round: round, rounds: settings.rounds, returned: .change, seed: seed)
    }

    /// Measuring on the held-out samples.
    package func measuring(
        of network: NetworkSpec, frozen: Digest?, weights: Digest, on heldOut: SampleSet
    ) -> EvaluateWork {
        let (graph, values) = network.autoencoderGraph(
            layer: layer, decoders: decoders, sparsity: decoders.dropLast().map { _ in .none } + [settings.sparsity])
        var measures: [EvaluateWork.Measure] = [
            .reconstruction(settings.loss, output: values.output, target: values.target),
            .activity(value: values.code, kept: false),
        ]
        if settings.sparsity != .none { measures.append(.activity(value: values.kept, kept: true)) }
        return EvaluateWork(
            graph: graph, cut: cut(network, frozen), weights: weights, data: heldOut.fields,
            samplesAtOnce: graph.samplesAtOnce(sparsity: settings.sparsity), measures: measures)
    }

    private func objective(_ values: NetworkSpec.AutoencoderValues, penalized: Bool) -> Objective {
        Objective(
            .reconstruction(settings.loss, target: values.target), of: values.output,
            penalty: settings.l1 > 0
                ? Objective.Penalty(value: values.kept, weight: settings.l1, warmUp: settings.l1WarmUp) : nil)
    }

    /// It is made for the autoencoder of one dense layer.
    private func revival(
        of network: NetworkSpec, _ values: NetworkSpec.AutoencoderValues
    ) -> TrainingSettings.Revival? {
        guard settings.revivesDeadUnits, decoders.count == 1, network.layers[layer].window == nil else { return nil }
        return TrainingSettings.Revival(
            value: values.kept, weight: 0, bias: 1, reader: decoders[0].constraint == .tied ? nil : 2)
    }
}

extension Graph {
    /// How many numbers the largest value of a part has: so many stay in the second cache from one node to the next, which
    /// gained a tenth in a step of 28 x 28 images. The same on every processor, since sums depend on it.
    private static let partNumbers = 1 << 17

    /// How many samples of a batch to compute at a time; nil for all: where a dense node would have its large weight read
    /// and its gradient written anew for each part, and where `sparsity` looks at all samples of a batch.
    package func samplesAtOnce(sparsity: Sparsity) -> Int? {
        if case .winnerTakeAll = sparsity { return nil }
        guard let sizes = try? shapes().map({ $0.reduce(1, *) }), let largest = sizes.max() else { return nil }
        let hasDense = nodes.enumerated().contains { index, node in
            guard let bias = node.parameters.last else { return false }
            return parameters[bias].count == sizes[inputs.count + index]
        }
        guard !hasDense else { return nil }
        var size = 8
        while size * 2 * largest <= Self.partNumbers { size *= 2 }
        return size
    }
}
