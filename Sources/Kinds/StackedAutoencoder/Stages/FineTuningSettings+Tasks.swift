package import RunProtocol

extension LabeledBlobs {
    /// - Parameter classes: how many there are.
    package func fields(classes: Int) -> FieldSet {
        FieldSet(
            count: samples.count,
            fields: [samples.field(), Field(Field.labels, labels, .classes(count: classes))])
    }
}

extension FineTuningSettings {
    /// Training a classifier on labeled examples.
    /// - Parameters:
    ///   - stack: the pretrained encoders, `stackParameters` of all layers, as a blob; nil for a random start.
    ///   - unlabeled: what `pseudoLabels` predicts classes of; empty without it.
    package func training(
        of network: NetworkSpec, classes: Int, stack: Digest?, on examples: LabeledBlobs, unlabeled: [SampleSet],
        seed: UInt64
    ) -> TrainWork {
        let layers = network.layers.count
        let isOnCodes = stack != nil && encoderIsConstant
        let graph =
            isOnCodes
            ? network.outputGraph(classes: classes, dropout: dropout)
            : network.classifierGraph(
                classes: classes, noise: inputNoise, inputDropout: inputDropout, dropout: dropout)
        let training = TrainingSettings(
            epochs: epochs, batchSize: batchSize, optimizer: optimizer,
            rates: isOnCodes
                ? [optimizer.learningRate, optimizer.learningRate] : rates(layers: layers, isPretrained: stack != nil),
            schedule: schedule, weightDecay: weightDecay, maxNorm: maxNorm, tellsEpochs: true,
            validationPerClass: validationPerClass, pseudoLabels: pseudoLabels)
        return TrainWork(
            graph: graph,
            cut: isOnCodes ? stack.map { Cut(graph: network.encoderGraph(layers: 0..<layers), weights: $0) } : nil,
            objective: Objective(
                .crossEntropy(field: Field.labels, weights: classWeights), of: graph.valueCount - 1),
            settings: training, start: isOnCodes ? nil : stack.map { TrainWork.Start($0, count: 2 * layers) },
            data: examples.fields(classes: classes), unlabeled: unlabeled.map(\.fields), returned: .weights, seed: seed)
    }

    /// A round's training on one part of the labeled examples.
    /// - Parameters:
    ///   - frozen: the pretrained encoders, where the output alone is trained.
    ///   - start: all weights that are trained, as a blob.
    ///   - round: from 1.
    package func replica(
        of network: NetworkSpec, classes: Int, isPretrained: Bool, frozen: Digest?, start: Digest,
        on examples: LabeledBlobs, round: Int, seed: UInt64
    ) -> TrainWork {
        var work = training(
            of: network, classes: classes, stack: isPretrained ? frozen ?? start : nil, on: examples, unlabeled: [],
            seed: seed)
        (work.round, work.rounds, work.returned) = (round, rounds ?? 1, .change)
        work.settings.epochs = max(epochs / work.rounds, 1)
        (work.settings.tellsEpochs, work.settings.validationPerClass) = (false, nil)
        work.start = TrainWork.Start(start, count: work.graph.parameters.count)
        return work
    }

    /// Measuring what a round starts from, on the examples that were set aside; as above.
    package func measuring(
        of network: NetworkSpec, classes: Int, frozen: Digest?, weights: Digest, on examples: LabeledBlobs
    ) -> EvaluateWork {
        let graph =
            frozen == nil
            ? network.classifierGraph(classes: classes) : network.outputGraph(classes: classes, dropout: 0)
        return EvaluateWork(
            graph: graph,
            cut: frozen.map { Cut(graph: network.encoderGraph(layers: network.layers.indices), weights: $0) },
            weights: weights, data: examples.fields(classes: classes),
            measures: [.accuracy(output: graph.valueCount - 1, field: Field.labels)])
    }

    /// From the top downwards each pretrained layer learns more slowly; from a random start all learn alike.
    private func rates(layers: Int, isPretrained: Bool) -> [Double?] {
        let top = optimizer.learningRate
        guard isPretrained else { return [Double?](repeating: top, count: 2 * layers + 2) }
        var rates = [top]
        var rate = encoderLearningRate
        for _ in 0..<layers {
            rates.insert(rate, at: 0)
            rate *= layerRateDecay
        }
        // Layers below the lowest that learns need no gradient.
        let lowest = rates.firstIndex { $0 > 0 } ?? layers
        return rates.enumerated().flatMap { layer, rate in
            [Double?](repeating: layer < lowest ? nil : rate, count: 2)
        }
    }
}

extension NetworkSpec {
    /// Testing a classifier.
    /// - Parameter weights: `classifierParameters(classes:)` as a blob.
    package func testing(classes: Int, weights: Digest, on test: LabeledBlobs) -> EvaluateWork {
        let graph = classifierGraph(classes: classes)
        return EvaluateWork(
            graph: graph, weights: weights, data: test.fields(classes: classes),
            measures: [.confusion(output: graph.valueCount - 1, field: Field.labels)])
    }
}
