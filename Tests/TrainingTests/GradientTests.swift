import Kinds
import RandomNumbers
import RunProtocol
import TensorCore
import Testing
import Training

/// Gradients against central finite differences of the loss itself.
@Suite struct GradientTests {
    static let settings: [(Activation, StageSettings)] = Activation.allCases.flatMap { activation in
        DecoderConstraint.allCases.flatMap { decoder in
            let squared = Activation.allCases.map { StageSettings.example(output: $0, decoder: decoder) }
            let entropy = StageSettings.example(loss: .binaryCrossEntropy, decoder: decoder)
            return (squared + [entropy]).map { (activation, $0) }
        }
    }

    @Test(arguments: settings) func autoencoder(activation: Activation, settings: StageSettings) throws {
        let network = NetworkSpec(inputSize: 9, layers: [LayerSpec(units: 6, activation: activation)])
        let parameters = network.autoencoderParameters(layer: 0, decoder: settings.decoder)
        var random = Philox(key: 7, stream: 0)
        let x = FloatBuffer((0..<4 * 9).map { _ in random.nextUnit() })
        let corrupted = (0..<4 * 9).map { _ in random.nextUnit() }
        // Biases away from zero, so that no rectified sum lies at its corner.
        let start = parameters.initialValues(seed: 3).map { $0 + 0.05 }
        let autoencoder = try Autoencoder(
            network: network, layer: 0, decoders: [settings.decoderSpec], settings: settings, weights: start,
            batchSize: 4)
        autoencoder.input.update(from: corrupted, count: corrupted.count)

        _ = autoencoder.computeGradient(target: x.pointer, count: 4)
        let gradient = autoencoder.gradient.values

        expectFiniteDifferences(gradient, at: autoencoder.weights) {
            autoencoder.computeGradient(target: x.pointer, count: 4) / 4
        }
    }

    @Test(arguments: Activation.allCases, [0.0, 0.4]) func classifier(activation: Activation, dropout: Double) throws {
        let network = NetworkSpec(
            inputSize: 7,
            layers: [LayerSpec(units: 6, activation: activation), LayerSpec(units: 5, activation: activation)])
        var random = Philox(key: 11, stream: 0)
        let x = (0..<4 * 7).map { _ in random.nextUnit() }
        let start = network.classifierParameters(classes: 3).initialValues(seed: 5).map { $0 + 0.05 }
        let classifier = try Classifier(
            network: network, classes: 3, weights: start, batchSize: 4, inputDropout: dropout / 2, dropout: dropout)
        // Where nothing is dropped, losses that count differently.
        let importance: [Float]? = dropout == 0 ? [0.5, 2, 0, 1.25] : nil
        func loss() -> Double {
            classifier.computeGradient(x, labels: [0, 2, 1, 1], importance: importance)
        }

        _ = loss()
        let gradient = classifier.gradient.values

        expectFiniteDifferences(gradient, at: classifier.weights) { loss() / 4 }
    }
}
