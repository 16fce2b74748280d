import CElementwise
import RandomNumbers
import RunProtocol
import TensorCore

/// A fine-tuning while it goes on: first on the labels, then, where the settings say so, on guessed ones too.
struct FineTuner {
    private let settings: FineTuningSettings
    private let seed: UInt64
    private let classifier: Classifier
    private let start: [Float]
    private let examples: Examples
    private let training: [Int32]
    private let validation: [Int32]
    private let classWeights: [Float]
    /// One for each layer, the softmax layer last.
    private let rates: [Double]
    /// Layers below it have rate zero, and need no gradient.
    private let lowest: Int
    private let dropout: (input: Double, hidden: Double)
    private var deck: Deck
    /// Steps and epochs done, by which random numbers are drawn.
    private var step = 0
    private var epoch = 0
    /// Mean loss of each epoch.
    private(set) var losses: [Double] = []
    /// The classifier with the fewest errors on the examples that were set aside.
    private var best: (errors: Int, loss: Double, weights: [Float])?

    /// - Parameters:
    ///   - network: what is trained below the softmax layer: no layer where the examples are codes.
    ///   - start: the classifier's first weights.
    init(_ work: FineTuneWork, network: NetworkSpec, start: [Float], examples: Examples) {
        settings = work.settings
        seed = work.seed
        self.start = start
        self.examples = examples
        (training, validation) = examples.divided(
            validationPerClass: settings.validationPerClass ?? 0, seed: work.seed)
        classWeights = settings.classWeights.values(
            classes: work.classes, labels: training.map { examples.labels[Int($0)] })
        rates = Self.rates(work, layers: network.layers.count)
        lowest = rates.firstIndex { $0 > 0 } ?? rates.count - 1
        // Codes are dropped as what they are, hidden activations.
        dropout = (work.trainsOnCodes ? settings.dropout : settings.inputDropout, settings.dropout)
        deck = Deck(training, seed: seed)
        let labeledBatch = min(settings.batchSize, training.count)
        classifier = Classifier(
            network: network, classes: work.classes, weights: start,
            batchSize: max(labeledBatch + (settings.pseudoLabels?.batchSize ?? 0), validation.isEmpty ? 1 : 256))
    }

    /// From the top downwards each pretrained layer learns more slowly; from a random start all learn alike.
    private static func rates(_ work: FineTuneWork, layers: Int) -> [Double] {
        let top = work.settings.optimizer.learningRate
        guard work.start != nil else { return [Double](repeating: top, count: layers + 1) }
        var rates = [top]
        var rate = work.settings.encoderLearningRate
        for _ in 0..<layers {
            rates.insert(rate, at: 0)
            rate *= work.settings.layerRateDecay
        }
        return rates
    }

    var weights: [Float] { classifier.weights.values }
    /// Nil where no example was set aside. Not inlined: Swift 6.3.1's optimizer fails on the borrow where it is.
    @inline(never) var validationErrors: Int? { best?.errors }

    /// Trains on the labels alone.
    ///
    /// - Returns: the last epoch's mean loss.
    mutating func learnLabels(isCancelled: () -> Bool) throws(TaskCancelled) -> Double {
        try train(on: training, guesses: [:], epochs: settings.epochs, isCancelled: isCancelled)
    }

    /// Guesses and learns, round after round.
    ///
    /// - Returns: how many guesses each round learnt from.
    mutating func learnGuesses(
        _ plan: PseudoLabels, isCancelled: () -> Bool
    ) throws(TaskCancelled) -> [Int] {
        var probabilities: [Float] = []
        var counts: [Int] = []
        for round in 1...plan.rounds {
            let fresh = try predict(Array(examples.unlabeled), isCancelled: isCancelled)
            let keep = round == 1 ? 0 : Float(plan.ensembling)
            probabilities =
                keep == 0 ? fresh : zip(probabilities, fresh).map { keep * $0 + (1 - keep) * $1 }
            let guesses = Guesses(
                probabilities, classes: classifier.classes, first: examples.unlabeled.lowerBound, settings: plan,
                round: round)
            counts.append(guesses.rows.count)
            guard !guesses.rows.isEmpty else { continue }
            if plan.restarts { classifier.replaceWeights(by: start) }
            let labels = Dictionary(uniqueKeysWithValues: zip(guesses.rows, guesses.labels))
            _ = try train(on: guesses.rows, guesses: labels, epochs: plan.epochs, isCancelled: isCancelled)
        }
        return counts
    }

    // MARK: Training

    /// - Parameters:
    ///   - rows: what an epoch goes through: the labeled examples, or the samples with guessed labels, each batch of which
    ///     comes with labeled ones.
    ///   - guesses: the guessed labels, by the rows.
    private mutating func train(
        on rows: [Int32], guesses: [Int32: Int32], epochs: Int, isCancelled: () -> Bool
    ) throws(TaskCancelled) -> Double {
        let batchSize = guesses.isEmpty ? settings.batchSize : settings.pseudoLabels?.batchSize ?? settings.batchSize
        let optimizer = Optimizer(settings.optimizer, count: start.count)
        let steps = epochs * ((rows.count + batchSize - 1) / batchSize)
        let first = step
        var (loss, seen) = (0.0, 0)
        for _ in 0..<epochs {
            var random = Philox(key: seed, stream: RandomStream.order(epoch: epoch))
            (loss, seen) = (0, 0)
            for places in TaskFunctions.batches(of: random.permutation(of: rows.count), size: batchSize) {
                if isCancelled() { throw TaskCancelled() }
                var batch = places.map { rows[Int($0)] }
                if !guesses.isEmpty { batch += deck.deal(min(settings.batchSize, training.count)) }
                loss += computeGradient(batch, guesses: guesses)
                seen += batch.count
                optimizer.beginStep()
                let factor = settings.schedule.factor(progress: Double(step - first) / Double(steps))
                classifier.step(
                    optimizer, rates: rates.map { $0 * factor }, decay: settings.weightDecay,
                    maxNorm: settings.maxNorm, lowest: lowest)
                step += 1
            }
            epoch += 1
            losses.append(loss / Double(seen))
            try validate(isCancelled: isCancelled)
        }
        if let best { classifier.replaceWeights(by: best.weights) }
        return loss / Double(seen)
    }

    /// The batch's loss is the mean over its labels, plus the guesses' weight times the mean over its guesses.
    private func computeGradient(_ batch: [Int32], guesses: [Int32: Int32]) -> Double {
        examples.gather(batch, into: classifier.input)
        if settings.inputNoise > 0 {
            ce_add_noise(
                classifier.input, batch.count * examples.size, Float(settings.inputNoise), seed,
                RandomStream.inputNoise, UInt64(step) << 32, classifier.input)
        }
        let guessed = batch.count { guesses[$0] != nil }
        let perLabel = Float(batch.count) / Float(batch.count - guessed)
        let perGuess = Float(settings.pseudoLabels?.weight ?? 0) * Float(batch.count) / Float(max(guessed, 1))
        let labels = batch.map { guesses[$0] ?? examples.labels[Int($0)] }
        let importance = zip(batch, labels).map { row, label in
            guesses[row] != nil ? perGuess : perLabel * classWeights[Int(label)]
        }
        return classifier.computeGradient(
            labels: labels, importance: importance,
            dropout: Classifier.Dropout(input: dropout.input, hidden: dropout.hidden, seed: seed, step: step),
            lowest: lowest)
    }

    // MARK: Looking at the classifier

    /// Keeps the classifier where it is better than the best before: fewer errors, or as many and a lower loss.
    private mutating func validate(isCancelled: () -> Bool) throws(TaskCancelled) {
        guard !validation.isEmpty else { return }
        var (errors, loss) = (0, 0.0)
        for rows in TaskFunctions.batches(of: validation, size: classifier.batchSize) {
            if isCancelled() { throw TaskCancelled() }
            examples.gather(Array(rows), into: classifier.input)
            let labels = rows.map { examples.labels[Int($0)] }
            let (sum, probabilities) = classifier.evaluate(labels: labels)
            loss += sum
            errors += zip(labels, Guesses.answers(probabilities, classes: classifier.classes))
                .count { $0 != $1.label }
        }
        if let best, (best.errors, best.loss) <= (errors, loss) { return }
        best = (errors, loss, classifier.weights.values)
    }

    /// - Returns: (rows, classes)
    private func predict(_ rows: [Int32], isCancelled: () -> Bool) throws(TaskCancelled) -> [Float] {
        var probabilities: [Float] = []
        probabilities.reserveCapacity(rows.count * classifier.classes)
        for batch in TaskFunctions.batches(of: rows, size: classifier.batchSize) {
            if isCancelled() { throw TaskCancelled() }
            examples.gather(Array(batch), into: classifier.input)
            // Probabilities do not depend on labels.
            probabilities += classifier.evaluate(labels: [Int32](repeating: 0, count: batch.count)).probabilities
        }
        return probabilities
    }
}
