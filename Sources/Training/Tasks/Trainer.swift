import CElementwise
import RandomNumbers
import RunProtocol
import TensorCore

/// The one training loop: a task while it goes on. Where the settings say so it goes on with pseudo-labels
/// (`Trainer+Phases`).
struct Trainer {
    let work: TrainWork
    let settings: TrainingSettings
    let executor: GraphExecutor
    /// The weights that the task starts from.
    let start: [Float]
    let examples: Examples
    /// The rows that are learnt from, and those that are set aside.
    let training: [Int32]
    let validation: [Int32]
    /// How much the loss of each class counts; empty where the loss is not of classes.
    private let classWeights: [Float]
    var deck: Deck
    /// Steps and epochs done, by which random numbers are drawn.
    private var step = 0
    private var epoch = 0
    /// The sum of the losses of all batches so far.
    private var lossSum = 0.0
    /// Mean loss of each epoch.
    private(set) var losses: [Double] = []
    /// The weights with the fewest errors on the rows that were set aside.
    var best: (errors: Int, loss: Double, weights: [Float])?
    private var activity: Activity?
    var profile: StepProfile?

    /// - Parameter start: of all the graph's parameters, flat.
    init(_ work: TrainWork, start: [Float], examples: Examples, profile: StepProfile?) throws(GraphProblem) {
        self.work = work
        settings = work.settings
        (self.start, self.examples) = (start, examples)
        (training, validation) = examples.divided(
            validationPerClass: settings.validationPerClass ?? 0, seed: work.seed)
        classWeights = work.objective.classWeights(labels: training.lazy.map { examples.labels[Int($0)] }, work)
        deck = Deck(training, seed: work.seed)
        let labeledBatch = min(settings.batchSize, training.count)
        executor = try GraphExecutor(
            work.graph, weights: start,
            batchSize: max(labeledBatch + (settings.pseudoLabels?.batchSize ?? 0), validation.isEmpty ? 1 : 256),
            samplesAtOnce: settings.samplesAtOnce, trained: settings.trained, objective: work.objective,
            usesBfloat16: settings.precision.usesBfloat16)
        executor.profile = profile
        self.profile = profile
    }

    /// Trains to the end.
    /// - Returns: what `work.returned` says, with all that was measured.
    mutating func run(isCancelled: () -> Bool) throws(TaskCancelled) -> TaskResult {
        var figures = TaskFigures(samples: examples.labeledCount * settings.epochs)
        let last = try train(on: training, guesses: [:], epochs: settings.epochs, isCancelled: isCancelled)
        if let activity {
            figures.metrics["activeShare"] = activity.share
            figures.metrics["deadUnits"] = Double(activity.dead.count)
        }
        figures.metrics["loss"] = settings.tellsEpochs ? last : lossSum / Double(figures.samples)
        if let plan = settings.pseudoLabels {
            figures.series["pseudoLabels"] = try learnGuesses(plan, isCancelled: isCancelled).map(Double.init)
        }
        figures.metrics["validationErrors"] = best.map { Double($0.errors) }
        if settings.tellsEpochs { figures.series["epochLosses"] = losses.evenly(atMost: Limits.curvePoints) }
        return withExtendedLifetime(executor) {
            let end = executor.weights
            return TaskResult(
                figures: figures,
                vector: work.returned == .weights
                    ? end.values : start.indices.map { end.pointer[$0] - start[$0] })
        }
    }

    /// - Parameters:
    ///   - rows: what an epoch goes through: all that is learnt from, or the samples with pseudo-labels, each batch of which
    ///     comes with labeled ones.
    ///   - guesses: the pseudo-labels, by the rows.
    /// - Returns: the last epoch's mean loss.
    @discardableResult mutating func train(
        on rows: [Int32], guesses: [Int32: Int32], epochs: Int, isCancelled: () -> Bool
    ) throws(TaskCancelled) -> Double {
        let batchSize = guesses.isEmpty ? settings.batchSize : settings.pseudoLabels?.batchSize ?? settings.batchSize
        let optimizer = Optimizer(settings.optimizer, count: start.count)
        let first = step
        let steps = epochs * ((rows.count + batchSize - 1) / batchSize)
        let clock = StageClock(round: work.round, rounds: work.rounds, steps: steps)
        var revival = settings.revival.map { Revival($0, executor, output: work.objective.output, steps: steps) }
        var (loss, seen) = (0.0, 0)
        for pass in 0..<epochs {
            var random = Philox(key: work.seed, stream: RandomStream.order(epoch: epoch))
            (loss, seen) = (0, 0)
            activity =
                guesses.isEmpty && pass == epochs - 1 ? settings.activity.map { Activity(executor, of: $0) } : nil
            for places in TaskFunctions.batches(of: random.permutation(of: rows.count), size: batchSize) {
                if isCancelled() { throw TaskCancelled() }
                var batch = places.map { rows[Int($0)] }
                if !guesses.isEmpty { batch += deck.deal(min(settings.batchSize, training.count)) }
                let progress = clock.progress(step: step - first)
                let batchLoss = computeGradient(batch, guesses: guesses, progress: progress)
                loss += batchLoss
                lossSum += batchLoss
                seen += batch.count
                executor.step(optimizer, settings, factor: settings.schedule.factor(progress: progress))
                revival?.stepDone(step - first, optimizer, samples: batch.count)
                profile?.stepDone()
                step += 1
            }
            epoch += 1
            losses.append(loss / Double(seen))
            try validate(isCancelled: isCancelled)
        }
        if let best { executor.replaceWeights(by: best.weights) }
        return loss / Double(seen)
    }

    private mutating func computeGradient(
        _ batch: [Int32], guesses: [Int32: Int32], progress: Double
    ) -> Double {
        let network = executor
        profile.measure(.feeding, layer: "") {
            examples.gather(batch, into: network)
            network.beginBatch(count: batch.count, isTraining: true, seed: work.seed, step: step)
        }
        var context = LossContext(objective: work.objective)
        context.penalty = work.objective.penalty.map { $0.weight(progress: progress) } ?? 0
        if !classWeights.isEmpty { label(batch, guesses, &context) }
        return network.computeGradient(count: batch.count, context) { activity?.count(samples: $0) }
    }

    /// The batch's loss is the mean over its labels, plus the pseudo-labels' weight times the mean over these.
    private func label(_ batch: [Int32], _ guesses: [Int32: Int32], _ context: inout LossContext) {
        let guessed = guesses.isEmpty ? 0 : batch.count { guesses[$0] != nil }
        let perLabel = Float(batch.count) / Float(batch.count - guessed)
        let perGuess = Float(settings.pseudoLabels?.weight ?? 0) * Float(batch.count) / Float(max(guessed, 1))
        context.classes = batch.map { guesses[$0] ?? examples.labels[Int($0)] }
        context.importance = zip(batch, context.classes).map { row, label in
            guesses[row] != nil ? perGuess : perLabel * classWeights[Int(label)]
        }
    }
}

extension Objective {
    /// How much the loss of each class counts; empty where it is not of classes.
    fileprivate func classWeights(labels: some Sequence<Int32>, _ work: TrainWork) -> [Float] {
        guard case .crossEntropy(let field, let weights) = loss, let classes = work.data[field]?.classes
        else { return [] }
        return weights.values(classes: classes, labels: labels)
    }
}

extension Objective.Penalty {
    /// - Parameter progress: how much of the stage is done, 0 ... 1.
    fileprivate func weight(progress: Double) -> Double { progress < warmUp ? weight * (progress / warmUp) : weight }
}

/// How far a stage is, for what changes with its steps.
struct StageClock {
    /// From 1.
    let round: Int
    let rounds: Int
    /// How many this task has.
    let steps: Int

    /// The share of the stage, 0 ... 1, that is done at step `step` (from 0) of this task.
    func progress(step: Int) -> Double { (Double(round - 1) + Double(step) / Double(steps)) / Double(rounds) }
}

/// How many of a value's numbers were not zero.
struct Activity {
    private let executor: GraphExecutor
    private let value: Int
    /// How many rows of units' numbers a sample has.
    private let positions: Int
    private var active: [Int32]
    private var total = 0
    private var seen = 0

    init(_ executor: GraphExecutor, of value: Int) {
        (self.executor, self.value) = (executor, value)
        let shape = executor.plan.shapes[value]
        active = [Int32](repeating: 0, count: shape[shape.count - 1])
        positions = executor.plan.sizes[value] / active.count
    }

    /// Looks at the part at hand, which has `samples` samples.
    mutating func count(samples: Int) {
        let rows = samples * positions
        total += ce_count_active(executor.value(value), rows, active.count, &active)
        seen += rows * active.count
    }

    /// 0 ... 1
    var share: Double { seen == 0 ? 0 : Double(total) / Double(seen) }
    /// Units that were zero for every sample.
    var dead: [Int] { active.indices.filter { active[$0] == 0 } }
}

extension Precision {
    /// Whether products are computed in bfloat16 on this processor.
    var usesBfloat16: Bool {
        switch self {
        case .float32: false
        case .bfloat16: true
        case .auto: Engine.hasBfloat16
        }
    }
}

extension [Double] {
    /// The first, the last, and as many between them as there is room for.
    fileprivate func evenly(atMost limit: Int) -> [Double] {
        guard count > limit else { return self }
        return (0..<limit).map { self[$0 * (count - 1) / (limit - 1)] }
    }
}
