import RunProtocol
import TensorCore

/// What comes after the labels, and the choice of the best weights.
extension Trainer {
    /// Predicts classes of the unlabeled samples and learns from them, round after round.
    /// - Returns: how many pseudo-labels each round learnt from.
    mutating func learnGuesses(_ plan: PseudoLabels, isCancelled: () -> Bool) throws(TaskCancelled) -> [Int] {
        var probabilities: [Float] = []
        var counts: [Int] = []
        for round in 1...plan.rounds {
            let fresh = try predict(Array(examples.unlabeled), isCancelled: isCancelled)
            let keep = round == 1 ? 0 : Float(plan.ensembling)
            probabilities = keep == 0 ? fresh : zip(probabilities, fresh).map { keep * $0 + (1 - keep) * $1 }
            let guesses = Guesses(
                probabilities, classes: classes, first: examples.unlabeled.lowerBound, settings: plan, round: round)
            counts.append(guesses.rows.count)
            guard !guesses.rows.isEmpty else { continue }
            if plan.restarts { executor.replaceWeights(by: start) }
            let labels = Dictionary(uniqueKeysWithValues: zip(guesses.rows, guesses.labels))
            try train(on: guesses.rows, guesses: labels, epochs: plan.epochs, isCancelled: isCancelled)
        }
        return counts
    }

    private var classes: Int { executor.plan.sizes[work.objective.output] }

    /// The sum of -ln p(label) over some rows, and all their probabilities (rows, classes), without random operations.
    private func evaluate(_ rows: ArraySlice<Int32>, labels: [Int32]) -> (loss: Double, probabilities: [Float]) {
        examples.gather(Array(rows), into: executor)
        executor.beginBatch(count: rows.count)
        let context = LossContext(objective: work.objective, classes: labels)
        var (loss, probabilities): (Double, [Float]) = (0, [])
        for part in executor.parts(of: rows.count) {
            executor.forward(part)
            loss += executor.loss(part, context)
            let output = UnsafeBufferPointer(
                start: executor.value(work.objective.output), count: part.count * classes)
            probabilities += output
        }
        return (loss, probabilities)
    }

    /// Keeps the weights where they are better than the best before: fewer errors, or as many and a lower loss.
    mutating func validate(isCancelled: () -> Bool) throws(TaskCancelled) {
        guard !validation.isEmpty else { return }
        var (errors, loss) = (0, 0.0)
        for rows in TaskFunctions.batches(of: validation, size: executor.batchSize) {
            if isCancelled() { throw TaskCancelled() }
            let labels = rows.map { examples.labels[Int($0)] }
            let (sum, probabilities) = evaluate(rows, labels: labels)
            loss += sum
            errors += zip(labels, Guesses.answers(probabilities, classes: classes)).count { $0 != $1.label }
        }
        if let best, (best.errors, best.loss) <= (errors, loss) { return }
        best = (errors, loss, executor.weights.values)
    }

    /// - Returns: (rows, classes)
    private func predict(_ rows: [Int32], isCancelled: () -> Bool) throws(TaskCancelled) -> [Float] {
        var probabilities: [Float] = []
        probabilities.reserveCapacity(rows.count * classes)
        for batch in TaskFunctions.batches(of: rows, size: executor.batchSize) {
            if isCancelled() { throw TaskCancelled() }
            // Probabilities do not depend on labels.
            probabilities += evaluate(batch, labels: [Int32](repeating: 0, count: batch.count)).probabilities
        }
        return probabilities
    }
}
