import CElementwise
import RandomNumbers
package import RunProtocol
import TensorCore

extension TaskFunctions {
    /// Trains the encoder with a softmax layer on labeled examples.
    ///
    /// - Parameters:
    ///   - start: the pretrained encoder, `stackParameters` of all layers, flat; nil for a random start.
    ///   - labels: classes from 0, one for each sample.
    /// - Returns: all weights: `classifierParameters`, flat.
    package static func fineTune(
        _ work: FineTuneWork, start: [Float]?, samples: Samples, labels: [Int32], isCancelled: () -> Bool
    ) throws(TaskCancelled) -> TaskResult {
        let settings = work.settings
        let batchSize = min(settings.batchSize, samples.count)
        let classifier = Classifier(
            network: work.network, classes: work.classes, weights: initialWeights(work, start: start),
            batchSize: batchSize)
        let optimizer = Optimizer(settings.optimizer, count: classifier.weights.count)
        let top = classifier.layerCount - 1
        let encoderRate = start == nil ? settings.optimizer.learningRate : settings.encoderLearningRate
        let rates = (0..<top).map { _ in encoderRate } + [settings.optimizer.learningRate]
        let steps = settings.epochs * ((samples.count + batchSize - 1) / batchSize)
        // Layers whose rate is zero need no gradient.
        let lowest = encoderRate == 0 ? top : 0
        var (loss, step) = (0.0, 0)
        for epoch in 0..<settings.epochs {
            var random = Philox(key: work.seed, stream: RandomStream.order(epoch: epoch))
            let order = random.permutation(of: samples.count)
            loss = 0
            for batch in batches(of: order, size: batchSize) {
                if isCancelled() { throw TaskCancelled() }
                samples.gather(batch, into: classifier.input)
                let dropout = Classifier.Dropout(
                    input: settings.inputDropout, hidden: settings.dropout, seed: work.seed, step: step)
                loss += classifier.computeGradient(
                    labels: batch.map { labels[Int($0)] }, dropout: dropout, lowest: lowest)
                optimizer.beginStep()
                let factor = settings.schedule.factor(progress: Double(step) / Double(steps))
                classifier.step(
                    optimizer, rates: rates.map { $0 * factor }, decay: settings.weightDecay, lowest: lowest)
                step += 1
            }
        }
        let figures = TaskFigures(samples: samples.count * settings.epochs, loss: loss / Double(samples.count))
        return TaskResult(figures: figures, vector: classifier.weights.values)
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
        return TaskResult(figures: TaskFigures(samples: samples.count, confusion: confusion), vector: [])
    }

    /// The most probable class of each sample.
    package static func classify(
        network: NetworkSpec, classes: Int, weights: [Float], samples: Samples, isCancelled: () -> Bool = { false }
    ) throws(TaskCancelled) -> [Int32] {
        let classifier = Classifier(
            network: network, classes: classes, weights: weights, batchSize: min(256, samples.count), isTrained: false)
        var answers: [Int32] = []
        for batch in batches(of: Array(0..<Int32(samples.count)), size: 256) {
            if isCancelled() { throw TaskCancelled() }
            samples.gather(batch, into: classifier.input)
            answers += classifier.classify(count: batch.count)
        }
        return answers
    }
}
