import CElementwise
import RandomNumbers
package import RunProtocol
import TensorCore

extension TaskFunctions {
    /// Trains the encoder with a softmax layer on labeled examples.
    ///
    /// - Parameters:
    ///   - start: the pretrained encoder, `stackParameters` of all layers, flat; nil for a random start.
    ///   - samples: the labeled ones; where `work.trainsOnCodes`, what `encode` makes of them with all layers.
    ///   - labels: classes from 0, one for each sample.
    ///   - unlabeled: what `work.unlabeled` names; codes as above.
    /// - Returns: all weights: `classifierParameters`, flat.
    package static func fineTune(
        _ work: FineTuneWork, start: [Float]?, samples: Samples, labels: [Int32], unlabeled: [Samples] = [],
        isCancelled: () -> Bool
    ) throws(TaskCancelled) -> TaskResult {
        let weights = initialWeights(work, start: start)
        let fixed = work.trainsOnCodes ? start?.count ?? 0 : 0
        let network = work.trainsOnCodes ? NetworkSpec(inputSize: samples.size, layers: []) : work.network
        var tuner = FineTuner(
            work, network: network, start: Array(weights[fixed...]),
            examples: Examples(labeled: samples, labels: labels, unlabeled: unlabeled))
        let loss = try tuner.learnLabels(isCancelled: isCancelled)
        var guesses: [Int]?
        if let plan = work.settings.pseudoLabels { guesses = try tuner.learnGuesses(plan, isCancelled: isCancelled) }
        var figures = TaskFigures(
            samples: samples.count * work.settings.epochs,
            metrics: ["loss": loss, "validationErrors": tuner.validationErrors.map(Double.init)],
            series: ["epochLosses": evenly(tuner.losses, atMost: Limits.curvePoints)])
        figures.series["pseudoLabels"] = guesses?.map(Double.init)
        return TaskResult(figures: figures, vector: weights[..<fixed] + tuner.weights)
    }

    /// The first, the last, and as many between them as there is room for.
    private static func evenly(_ losses: [Double], atMost count: Int) -> [Double] {
        guard losses.count > count else { return losses }
        return (0..<count).map { losses[$0 * (losses.count - 1) / (count - 1)] }
    }

    /// A fresh classifier, its encoder replaced by the pretrained one where there is one.
    private static func initialWeights(_ work: FineTuneWork, start: [Float]?) -> [Float] {
        var weights = work.network.classifierParameters(classes: work.classes).initialValues(seed: work.seed)
        if let start { weights.replaceSubrange(0..<start.count, with: start) }
        return weights
    }

    /// Classifies a test set.
    ///
    /// - Parameter weights: `classifierParameters`, flat.
    /// - Returns: figures with the confusion matrix.
    package static func classify(
        _ work: ClassifyWork, weights: [Float], samples: Samples, labels: [Int32], isCancelled: () -> Bool
    ) throws(TaskCancelled) -> TaskResult {
        let answers = try classify(
            network: work.network, classes: work.classes, weights: weights, samples: samples,
            isCancelled: isCancelled)
        var confusion = [[Int]](repeating: [Int](repeating: 0, count: work.classes), count: work.classes)
        for (label, answer) in zip(labels, answers) { confusion[Int(label)][Int(answer)] += 1 }
        return TaskResult(figures: TaskFigures(samples: samples.count, tables: ["confusion": confusion]), vector: [])
    }

    /// The most probable class of each sample.
    ///
    /// - Parameter progress: is told how many samples more are done, again and again.
    package static func classify(
        network: NetworkSpec, classes: Int, weights: [Float], samples: Samples, isCancelled: () -> Bool = { false },
        progress: (Int) -> Void = { _ in }
    ) throws(TaskCancelled) -> [Int32] {
        let classifier = Classifier(
            network: network, classes: classes, weights: weights, batchSize: min(256, samples.count), isTrained: false)
        var answers: [Int32] = []
        for batch in batches(of: Array(0..<Int32(samples.count)), size: 256) {
            if isCancelled() { throw TaskCancelled() }
            samples.gather(batch, into: classifier.input)
            answers += classifier.classify(count: batch.count)
            progress(batch.count)
        }
        return answers
    }
}
