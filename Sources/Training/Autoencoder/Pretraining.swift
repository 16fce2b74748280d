import CElementwise
import RandomNumbers
package import RunProtocol
import TensorCore

extension TaskFunctions {
    /// Trains the autoencoder of one layer, or of several above each other, on a shard.
    ///
    /// - Parameters:
    ///   - start: `autoencoderParameters(first:decoders:)`, flat.
    ///   - samples: the shard's codes below the lowest layer.
    ///   - profile: is told where the time goes.
    /// - Returns: the change of the weights.
    package static func pretrain(
        _ work: PretrainWork, start: [Float], samples: Samples, profile: StepProfile? = nil,
        isCancelled: () -> Bool
    ) throws(TaskCancelled) -> TaskResult {
        let settings = work.settings
        let autoencoder = Autoencoder(
            network: work.network, layer: work.layer, decoders: work.decoders, frozenEncoders: work.frozenEncoders,
            settings: settings, weights: start, batchSize: min(settings.batchSize, samples.count))
        autoencoder.profile = profile
        let optimizer = Optimizer(settings.optimizer, count: start.count)
        let clean = FloatBuffer(count: settings.corruption == .none ? 0 : autoencoder.batchSize * samples.size)
        // Without corruption the encoder sees its target itself.
        let target = settings.corruption == .none ? autoencoder.input : clean.pointer
        let clock = StageClock(settings: settings, round: work.round, samples: samples.count)
        var loss = 0.0
        var activity = Activity(autoencoder)
        var revival = Revival(work, autoencoder, steps: clock.steps)
        var step = 0
        for epoch in 0..<settings.localEpochs {
            var random = Philox(key: work.seed, stream: RandomStream.order(epoch: epoch))
            let order = random.permutation(of: samples.count)
            for batch in batches(of: order, size: settings.batchSize) {
                if isCancelled() { throw TaskCancelled() }
                profile.measure(.feeding, layer: "") {
                    samples.gather(batch, into: target)
                    if let shift = settings.randomShift, let image = work.network.image {
                        move(target, count: batch.count, image, by: shift, seed: work.seed, step: step)
                    }
                    corrupt(
                        target, into: autoencoder.input, count: batch.count * samples.size, by: settings.corruption,
                        seed: work.seed, step: step)
                }
                autoencoder.l1 = clock.l1(step: step)
                loss += autoencoder.computeGradient(target: target, count: batch.count) { samples in
                    if epoch == settings.localEpochs - 1 { activity.count(samples: samples) }
                }
                optimizer.beginStep()
                autoencoder.step(optimizer, rate: clock.learningRate(step: step))
                revival?.stepDone(step, optimizer, samples: batch.count)
                profile?.stepDone()
                step += 1
            }
        }
        let done = samples.count * settings.localEpochs
        let figures = TaskFigures(
            samples: done,
            metrics: [
                "loss": loss / Double(done), "activeShare": activity.share, "deadUnits": Double(activity.dead.count),
            ])
        return withExtendedLifetime((clean, autoencoder)) {
            let end = autoencoder.weights.pointer
            return TaskResult(figures: figures, vector: start.indices.map { end[$0] - start[$0] })
        }
    }

    /// Measures the mean loss of uncorrupted samples, without penalty.
    ///
    /// - Parameter samples: the held-out samples' codes below the lowest layer.
    package static func measureReconstruction(
        _ work: ReconstructionWork, weights: [Float], samples: Samples, isCancelled: () -> Bool
    ) throws(TaskCancelled) -> TaskResult {
        let autoencoder = Autoencoder(
            network: work.network, layer: work.layer, decoders: work.decoders, settings: work.settings,
            weights: weights, batchSize: min(256, samples.count), isTrained: false)
        var (activity, kept) = (Activity(autoencoder), Activity(autoencoder))
        var error = 0.0
        var mean = MeanPrediction(features: samples.size)
        for batch in batches(of: Array(0..<Int32(samples.count)), size: 256) {
            if isCancelled() { throw TaskCancelled() }
            samples.gather(batch, into: autoencoder.input)
            mean.add(autoencoder.input, count: batch.count)
            error += autoencoder.reconstructionError(
                count: batch.count, lookAtWhole: { activity.count(samples: $0) },
                lookAtKept: { kept.count(samples: $0) })
        }
        let isSparse = work.settings.sparsity != .none
        let figures = TaskFigures(
            samples: samples.count,
            metrics: [
                "reconstructionError": error / Double(samples.count), "meanError": mean.error(by: work.settings.loss),
                "activeShare": activity.share, "deadUnits": Double(activity.dead.count),
                "keptShare": isSparse ? kept.share : nil, "unusedUnits": isSparse ? Double(kept.dead.count) : nil,
            ])
        return TaskResult(figures: figures, vector: [])
    }

    /// `order` in pieces of `size`; the last may be shorter.
    static func batches(of order: [Int32], size: Int) -> [ArraySlice<Int32>] {
        stride(from: 0, to: order.count, by: size).map { order[$0..<min($0 + size, order.count)] }
    }

    /// Moves each of `count` pictures down and to the right by whole numbers of places, uniform in -most ... most.
    static func move(_ pictures: Numbers, count: Int, _ image: ImageShape, by most: Int, seed: UInt64, step: Int) {
        var random = Philox(key: seed, stream: RandomStream.shift(step: step))
        for picture in 0..<count {
            let (down, right) = (random.next(below: 2 * most + 1) - most, random.next(below: 2 * most + 1) - most)
            ce_shift(pictures + picture * image.count, image.height, image.width, image.channels, down, right)
        }
    }

    /// Writes what the encoder sees to `corrupted`; nothing where it sees `clean` itself.
    static func corrupt(
        _ clean: Numbers, into corrupted: Numbers, count: Int, by corruption: Corruption, seed: UInt64, step: Int
    ) {
        // Each step has 2^32 blocks of random numbers to itself.
        let first = UInt64(step) << 32
        switch corruption {
        case .none: return
        case .masking(let probability):
            ce_drop(
                clean, count, Float(probability), Float(1 / (1 - probability)), seed, RandomStream.corruption, first,
                corrupted)
        case .gaussian(let deviation):
            ce_add_noise(clean, count, Float(deviation), seed, RandomStream.corruption, first, corrupted)
        case .saltAndPepper(let probability):
            ce_salt_and_pepper(
                clean, count, Float(probability), seed, RandomStream.corruption, first, corrupted)
        }
    }
}

/// How far a stage is, for what changes with its steps.
struct StageClock {
    let settings: StageSettings
    let round: Int
    let samples: Int

    /// How many this task has.
    var steps: Int { (samples + settings.batchSize - 1) / settings.batchSize * settings.localEpochs }

    /// The share of the stage, 0 ... 1, that is done at step `step` (from 0) of this task.
    private func progress(step: Int) -> Double {
        (Double(round - 1) + Double(step) / Double(steps)) / Double(settings.rounds)
    }

    func learningRate(step: Int) -> Double {
        settings.optimizer.learningRate * settings.schedule.factor(progress: progress(step: step))
    }

    func l1(step: Int) -> Double {
        let progress = progress(step: step)
        return progress < settings.l1WarmUp ? settings.l1 * (progress / settings.l1WarmUp) : settings.l1
    }
}

/// How many of the code's activations were not zero.
struct Activity {
    private let autoencoder: Autoencoder
    private var active: [Int32]
    private var total = 0
    private var seen = 0

    init(_ autoencoder: Autoencoder) {
        self.autoencoder = autoencoder
        active = [Int32](repeating: 0, count: autoencoder.units)
    }

    /// Looks at the last batch, which had `samples` samples.
    mutating func count(samples: Int) {
        let rows = samples * autoencoder.places
        total += ce_count_active(autoencoder.lastCode, rows, active.count, &active)
        seen += rows * active.count
    }

    /// 0 ... 1
    var share: Double { seen == 0 ? 0 : Double(total) / Double(seen) }
    /// Units that were zero for every sample.
    var dead: [Int] { active.indices.filter { active[$0] == 0 } }
}
