package import RunProtocol

extension TaskFunctions {
    /// The most probable class of each sample, the lowest of equal ones, and its probability.
    ///
    /// - Parameters:
    ///   - weights: `classifierParameters`, flat.
    ///   - batchSize: how many samples are in memory at once.
    package static func answers(
        network: NetworkSpec, classes: Int, weights: [Float], samples: Samples, batchSize: Int
    ) -> [(label: Int32, confidence: Float)] {
        let classifier = Classifier(
            network: network, classes: classes, weights: weights, batchSize: batchSize, isTrained: false)
        return batches(of: Array(0..<Int32(samples.count)), size: batchSize).flatMap { batch in
            samples.gather(batch, into: classifier.input)
            // Only the loss, which nobody asks for here, depends on the labels.
            let (_, probabilities) = classifier.evaluate(labels: [Int32](repeating: 0, count: batch.count))
            return Guesses.answers(probabilities, classes: classes).map { ($0.label, $0.confidence) }
        }
    }
}
