extension TaskDescription {
    /// A task comes from another host: sizes that do not belong together must not reach the kernels.
    ///
    /// - Throws: `.invalidData` whenever no right coordinator could have made it.
    package func check() throws(APIError) {
        let isPossible =
            switch work {
            case .pretrain(let work):
                work.network.isPossible && work.network.hasLayers(work.layer, work.decoders)
                    && work.decoders.indices.contains(work.frozenEncoders)
                    && work.samples.isPossible(for: work.network) && work.settings.isPossible
                    && (work.settings.randomShift == nil || work.layer == 0 && work.network.image != nil)
                    && work.round >= 1 && work.round <= work.settings.rounds
                    && (work.layer == 0) == (work.frozen == nil)
            case .measureReconstruction(let work):
                work.network.isPossible && work.network.hasLayers(work.layer, work.decoders)
                    && work.samples.isPossible(for: work.network) && work.settings.isPossible
                    && (work.layer == 0) == (work.frozen == nil)
            case .fineTune(let work):
                work.network.isPossible && work.samples.isPossible(for: work.network)
                    && (1...Limits.classes).contains(work.classes) && work.settings.isPossible(classes: work.classes)
                    && work.unlabeled.count <= Limits.shards
                    && work.unlabeled.allSatisfy { $0.isPossible(for: work.network) }
                    && work.unlabeled.isEmpty == (work.settings.pseudoLabels == nil)
            case .classify(let work):
                work.network.isPossible && work.samples.isPossible(for: work.network)
                    && (1...Limits.classes).contains(work.classes)
            }
        guard isPossible else { throw APIError(.invalidData, "\(id) asks for sizes that do not belong together") }
    }
}

extension NetworkSpec {
    fileprivate var isPossible: Bool {
        isWithinLimits && stackParameters(count: layers.count).elementCount <= Limits.parameters
    }

    fileprivate func hasLayers(_ first: Int, _ decoders: [DecoderSpec]) -> Bool {
        layers.indices.contains(first) && (1...layers.count - first).contains(decoders.count)
    }
}

extension SampleSet {
    fileprivate func isPossible(for network: NetworkSpec) -> Bool {
        (1...Limits.samples).contains(count) && size == network.inputSize && divisor > 0
    }
}

extension StageSettings {
    fileprivate var isPossible: Bool {
        rounds >= 1 && (1...10_000).contains(localEpochs) && (1...65_536).contains(batchSize) && sparsity.isPossible
            && (1...Limits.shift).contains(randomShift ?? 1) && (0...1).contains(weightDecay ?? 0)
    }
}

extension FineTuningSettings {
    fileprivate func isPossible(classes: Int) -> Bool {
        if case .list(let weights) = classWeights, weights.count != classes { return false }
        return (1...100_000).contains(epochs) && (1...65_536).contains(batchSize) && validationPerClass ?? 1 >= 1
            && pseudoLabels?.isPossible ?? true
    }
}

extension PseudoLabels {
    fileprivate var isPossible: Bool {
        (1...Limits.selfTrainingRounds).contains(rounds) && (1...100_000).contains(epochs)
            && (1...65_536).contains(batchSize) && (0...1).contains(share)
    }
}
