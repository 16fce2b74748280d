import Kinds
import RunProtocol
import TensorCore
import Training

/// An autoencoder's graph with all the memory of a training step, whose encoder can be given other samples than those that
/// it is to give back.
final class Autoencoder {
    private let executor: GraphExecutor
    private let values: NetworkSpec.AutoencoderValues
    private let objective: Objective
    private let corrupted: FloatBuffer
    let inputs: Int
    let units: Int

    init(
        network: NetworkSpec, layer: Int, decoders: [DecoderSpec], settings: StageSettings, weights: [Float],
        batchSize: Int
    ) throws {
        // The corrupted samples have a place of their own, in which the test's are laid.
        let (graph, values) = network.autoencoderGraph(
            layer: layer, decoders: decoders, corruption: .gaussian(standardDeviation: 1),
            sparsity: decoders.dropLast().map { _ in .none } + [settings.sparsity])
        self.values = values
        objective = Objective(
            .reconstruction(settings.loss, target: values.target), of: values.output,
            penalty: settings.l1 > 0 ? Objective.Penalty(value: values.kept, weight: settings.l1) : nil)
        executor = try GraphExecutor(
            graph, weights: weights, batchSize: batchSize,
            samplesAtOnce: graph.samplesAtOnce(sparsity: settings.sparsity),
            trained: Set(graph.parameters.indices), objective: objective,
            usesBfloat16: settings.precision == .bfloat16)
        inputs = network.inputSize(ofLayer: layer)
        units = network.layers[layer + decoders.count - 1].units
        corrupted = FloatBuffer(count: batchSize * inputs)
    }

    var weights: FloatBuffer { executor.weights }
    var gradient: FloatBuffer { executor.gradient }
    /// What the encoder sees (batchSize, inputs).
    var input: UnsafeMutablePointer<Float> { corrupted.pointer }
    /// The code of the last part as its decoder saw it, and what it was decoded to.
    var lastCode: UnsafeMutablePointer<Float> { executor.value(values.kept) }
    var lastOutput: UnsafeMutablePointer<Float> { executor.value(values.output) }

    /// - Parameter target: (count, inputs)
    func computeGradient(
        target: UnsafeMutablePointer<Float>, count: Int, look: (_ samples: Int) -> Void = { _ in }
    ) -> Double {
        executor.input(values.target).update(from: target, count: count * inputs)
        executor.beginBatch(count: count)
        executor.input(values.target + 1).update(from: corrupted.pointer, count: count * inputs)
        return executor.computeGradient(
            count: count, LossContext(objective: objective, penalty: objective.penalty?.weight ?? 0), look: look)
    }
}

/// A classifier's graph with all the memory of a training step.
final class Classifier {
    private let executor: GraphExecutor
    private let objective: Objective

    init(
        network: NetworkSpec, classes: Int, weights: [Float], batchSize: Int, inputDropout: Double = 0,
        dropout: Double = 0
    ) throws {
        let graph = network.classifierGraph(classes: classes, inputDropout: inputDropout, dropout: dropout)
        objective = Objective(.crossEntropy(field: Field.labels, weights: .equal), of: graph.valueCount - 1)
        executor = try GraphExecutor(
            graph, weights: weights, batchSize: batchSize, trained: Set(graph.parameters.indices),
            objective: objective)
    }

    var weights: FloatBuffer { executor.weights }
    var gradient: FloatBuffer { executor.gradient }

    /// - Parameter samples: (labels.count, inputs)
    func computeGradient(_ samples: [Float], labels: [Int32], importance: [Float]? = nil) -> Double {
        executor.input(0).update(from: samples, count: samples.count)
        executor.beginBatch(count: labels.count, isTraining: true, seed: 9, step: 1)
        return executor.computeGradient(
            count: labels.count, LossContext(objective: objective, classes: labels, importance: importance))
    }
}

extension TaskFunctions {
    /// The codes of `samples` in memory, after the first `layerCount` layers.
    static func codes(
        of samples: Samples, network: NetworkSpec, layerCount: Int, weights: [Float]
    ) throws -> Samples {
        var numbers: [UInt16] = []
        try codes(
            of: TaskData([samples]), graph: network.encoderGraph(layers: 0..<layerCount), weights: weights,
            isCancelled: { false }
        ) {
            numbers += $0
        }
        return Samples(
            count: samples.count, size: network.inputSize(ofLayer: layerCount), numbers: .bfloat16(numbers), divisor: 1)
    }
}
