package import PlanFile
package import RunProtocol

/// Autoencoders whose training is measured: squared error, Adam.
extension StackedAutoencoder {
    /// inputs-units-inputs, ReLU and sigmoid, L1 0.001; or two convolutions of 3 x 3 with stride 2 to 16 and 32 channels, and
    /// their transposes, trained together.
    package func benchmark(_ choice: BenchmarkChoice) throws(APIError) -> (name: String, work: TrainWork)? {
        guard let decoder = DecoderConstraint(rawValue: choice.decoder) else {
            let known = DecoderConstraint.allCases.map(\.rawValue).joined(separator: ", ")
            throw APIError(.badRequest, "there is no decoder '\(choice.decoder)'; use one of \(known)")
        }
        guard choice.isConvolution else {
            let (inputs, units) = (choice.inputs, choice.units)
            let network = NetworkSpec(inputSize: inputs, layers: [LayerSpec(units: units, activation: .relu)])
            let spec = DecoderSpec(constraint: decoder, activation: .sigmoid)
            return ("\(inputs)-\(units)-\(inputs)", work(choice, network, [spec], l1: 0.001))
        }
        let window = ConvolutionWindow(kernel: 3, stride: 2)
        let network = NetworkSpec(
            inputSize: 784, image: ImageShape(height: 28, width: 28, channels: 1),
            layers: [16, 32].map { LayerSpec(units: $0, activation: .relu, window: window) })
        let decoders = [Activation.sigmoid, .relu].map { DecoderSpec(constraint: .free, activation: $0) }
        return ("convolutions 1-16-32-16-1 of 28 x 28", work(choice, network, decoders, l1: 0))
    }

    private func work(
        _ choice: BenchmarkChoice, _ network: NetworkSpec, _ decoders: [DecoderSpec], l1: Double
    ) -> TrainWork {
        let settings = StageSettings(
            rounds: 1, replicas: 1, localEpochs: 1, batchSize: choice.batchSize, loss: .meanSquaredError,
            outputActivation: decoders[0].activation, corruption: .none, l1: l1, decoder: decoders[0].constraint,
            optimizer: .adam(learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8), schedule: .constant,
            outer: .mean, precision: choice.precision)
        let digest = Digest(of: [UInt8]())
        let samples = SampleSet(digest: digest, count: choice.samples, size: network.inputSize, divisor: 255)
        return AutoencoderStage(layer: 0, decoders: decoders, settings: settings).training(
            of: network, frozen: nil, start: digest, on: samples, round: 1, seed: 1)
    }
}
