import PlanFile
import RunProtocol

/// Reads how a layer's autoencoder is trained: from its own keys, then those of `pretraining`, then the defaults.
enum StageReader {
    /// What a layer stands on.
    struct Below {
        /// How the first layer is trained, whose decoder is the last to give samples back.
        var first: StageSettings
        /// Of the layer right below.
        var activation: Activation
    }

    /// - Parameter below: nil for the first layer.
    static func read(_ section: Section, above below: Below?) -> StageSettings {
        let target = section.choice("target", ReconstructionTarget.self) ?? .codes
        var defaults = Defaults(
            readsSamples: true, loss: .binaryCrossEntropy, output: .linear, masking: 0.5, l1: 0.1, decoder: .unitNorm)
        guard let below else { return read(section, defaults) }
        guard target == .samples else {
            (defaults.readsSamples, defaults.loss) = (false, .meanSquaredError)
            return read(section, defaults)
        }
        defaults.loss = below.first.loss
        // Its own decoder gives codes to the one below, as that layer's encoder does.
        defaults.output = below.activation
        defaults.lastOutput = below.first.outputActivation
        var settings = read(section, defaults)
        settings.target = .samples
        return settings
    }

    /// The training of all layers together: on whole samples, with the layers' own decoders.
    static func readJoint(_ section: Section, above stages: [StageSettings]) -> StageSettings {
        defer { section.finish() }
        if section.has("decoder") { section.note("decoder", "belongs to the layers: they keep their decoders") }
        return read(
            section,
            Defaults(
                readsSamples: true, loss: .meanSquaredError, output: stages.first?.outputActivation ?? .sigmoid,
                masking: 0, l1: 0, decoder: .free))
    }

    /// What differs between a layer and all of them.
    private struct Defaults {
        /// Not the codes of a layer below.
        var readsSamples: Bool
        var loss: ReconstructionLoss
        /// With another loss than binary cross-entropy, or where the samples are given back by another decoder.
        var output: Activation
        /// What gives the samples back, where that is another decoder.
        var lastOutput: Activation?
        var masking: Double
        var l1: Double
        var decoder: DecoderConstraint
    }

    private static func read(_ section: Section, _ defaults: Defaults) -> StageSettings {
        let loss = section.choice("loss", ReconstructionLoss.self) ?? defaults.loss
        let output = section.choice("output_activation", Activation.self)
        let isLast = defaults.lastOutput == nil
        if loss == .binaryCrossEntropy, isLast, let output, output != .sigmoid {
            section.note("output_activation", "should be sigmoid, which binary_cross_entropy needs")
        }
        if loss == .binaryCrossEntropy, let last = defaults.lastOutput, last != .sigmoid {
            section.note("loss", "binary_cross_entropy needs a first layer with the output_activation sigmoid")
        }
        if !defaults.readsSamples, section.has("random_shift") {
            section.note(
                "random_shift",
                "moves pictures, and this layer reads codes: it belongs to the first layer, or one with target: samples"
            )
        }
        let shift = section.whole("random_shift", in: 0...Limits.shift) ?? 0
        let decay = section.number("weight_decay", in: 0...1) ?? 0
        let sparsity = sparsity(section)
        return StageSettings(
            rounds: section.whole("rounds", in: 1...Limits.rounds) ?? 10,
            replicas: section.whole("replicas", in: 1...Limits.replicas) ?? 2,
            localEpochs: section.whole("local_epochs", in: 1...10_000) ?? 1,
            batchSize: section.whole("batch_size", in: 1...65_536) ?? 128, loss: loss,
            outputActivation: output ?? (isLast && loss == .binaryCrossEntropy ? .sigmoid : defaults.output),
            corruption: corruption(section, masking: defaults.masking),
            l1: section.number("l1", in: 0...1_000_000) ?? (sparsity == .none ? defaults.l1 : 0),
            decoder: section.choice("decoder", DecoderConstraint.self) ?? defaults.decoder,
            optimizer: optimizer(section), schedule: schedule(section), outer: outer(section),
            earlyStopping: earlyStopping(section), l1WarmUp: section.number("l1_warm_up", in: 0...1) ?? 0,
            sparsity: sparsity, revivesDeadUnits: section.flag("revive_dead_units") ?? false,
            precision: section.choice("precision", Precision.self) ?? .float32,
            randomShift: defaults.readsSamples && shift > 0 ? shift : nil, weightDecay: decay > 0 ? decay : nil)
    }

    /// Each kind of corruption is a key, of which one may be there.
    private static func corruption(_ section: Section, masking share: Double) -> Corruption {
        let masking = section.number("masking", in: 0...0.99)
        let gaussian = section.number("gaussian_noise", in: 0...1_000_000)
        let saltAndPepper = section.number("salt_and_pepper", in: 0...1)
        let isAnyGiven = (masking ?? gaussian ?? saltAndPepper) != nil
        if !isAnyGiven, share > 0 { return .masking(probability: share) }
        var chosen: [(key: String, corruption: Corruption)] = []
        if let masking, masking > 0 { chosen.append(("masking", .masking(probability: masking))) }
        if let gaussian, gaussian > 0 { chosen.append(("gaussian_noise", .gaussian(standardDeviation: gaussian))) }
        if let saltAndPepper, saltAndPepper > 0 {
            chosen.append(("salt_and_pepper", .saltAndPepper(probability: saltAndPepper)))
        }
        for other in chosen.dropFirst() {
            section.note(other.key, "cannot stand beside \(chosen[0].key): choose one of them")
        }
        return chosen.first?.corruption ?? .none
    }

    /// Two keys, of which one may be there.
    private static func sparsity(_ section: Section) -> Sparsity {
        let count = section.whole("top_k", in: 0...Limits.units) ?? 0
        let share = section.number("winner_take_all", in: 0...1) ?? 0
        if count > 0, share > 0 {
            section.note("winner_take_all", "cannot stand beside top_k: choose one of them")
        }
        if count > 0 { return .topK(count: count) }
        return share > 0 ? .winnerTakeAll(share: share) : .none
    }

    private enum OptimizerName: String, CaseIterable { case adam, sgd }

    static func optimizer(_ section: Section) -> OptimizerSettings {
        let rate = section.number("learning_rate", in: 0...100)
        let momentum = section.number("momentum", in: 0...0.9999)
        let beta1 = section.number("beta1", in: 0...0.9999)
        let beta2 = section.number("beta2", in: 0...0.999999)
        let epsilon = section.number("epsilon", in: 1e-12...1)
        return switch section.choice("optimizer", OptimizerName.self) ?? .adam {
        case .adam:
            .adam(learningRate: rate ?? 0.001, beta1: beta1 ?? 0.9, beta2: beta2 ?? 0.999, epsilon: epsilon ?? 1e-8)
        case .sgd: .sgd(learningRate: rate ?? 0.01, momentum: momentum ?? 0.9)
        }
    }

    static func schedule(_ section: Section) -> LearningRateSchedule {
        let warmUp = section.number("warm_up", in: 0...1) ?? 0
        let decay = section.choice("decay", LearningRateSchedule.Decay.self) ?? .linear
        return LearningRateSchedule(
            warmUp: warmUp, decay: decay,
            decayStart: section.number("decay_start", in: 0...1) ?? (decay == .cosine ? warmUp : 0.5))
    }

    private enum OuterName: String, CaseIterable { case mean, nesterov }

    private static func outer(_ section: Section) -> OuterOptimizer {
        let rate = section.number("outer_learning_rate", in: 0...10)
        let momentum = section.number("outer_momentum", in: 0...0.9999)
        return switch section.choice("outer_optimizer", OuterName.self) ?? .mean {
        case .mean: .mean
        case .nesterov: .nesterov(learningRate: rate ?? 1, momentum: momentum ?? 0.5)
        }
    }

    private static func earlyStopping(_ section: Section) -> EarlyStopping? {
        guard let patience = section.whole("patience", in: 1...Limits.rounds) else { return nil }
        return EarlyStopping(
            patience: patience, minimumImprovement: section.number("minimum_improvement", in: 0...0.99) ?? 0.001)
    }
}
