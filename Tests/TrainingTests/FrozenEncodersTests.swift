import Kinds
import RandomNumbers
import RunProtocol
import TensorCore
import Testing
import Training

/// Layers whose autoencoder gives back the samples, on top of encoders that stay as they are.
@Suite struct FrozenEncodersTests {
    private static let image = ImageShape(height: 6, width: 6, channels: 1)
    private static let dense = NetworkSpec(
        inputSize: image.count, image: image,
        layers: [9, 7, 5].map { LayerSpec(units: $0, activation: .tanh) })
    private static let mixed = NetworkSpec(
        inputSize: image.count, image: image,
        layers: [
            LayerSpec(units: 3, activation: .tanh, window: ConvolutionWindow(kernel: 3, pooling: 2)),
            LayerSpec(units: 4, activation: .tanh, window: ConvolutionWindow(kernel: 3)),
            LayerSpec(units: 5, activation: .tanh),
        ])

    /// One step of plain gradient descent changes all that is trained as it does where nothing is frozen, since both have
    /// the same gradient, and nothing else.
    @Test(
        arguments: [
            (dense, [.free, .unitNorm, .free]), (dense, [.tied, .free, .tied]), (mixed, [.free, .unitNorm, .free]),
        ] as [(NetworkSpec, [DecoderConstraint])])
    func onlyWhatIsNotFrozenChanges(network: NetworkSpec, kinds: [DecoderConstraint]) throws {
        Engine.useOneThread()
        let decoders = kinds.map { DecoderSpec(constraint: $0, activation: .tanh) }
        let parameters = network.autoencoderParameters(first: 0, decoders: decoders)
        let start = parameters.initialValues(seed: 3)
        var random = Philox(key: 4, stream: 0)
        let pixels = (0..<12 * network.inputSize).map { _ in UInt8(random.next(below: 256)) }
        let samples = Samples(count: 12, size: network.inputSize, numbers: .uint8(pixels), divisor: 255)
        func step(frozen: Int) throws -> [Float] {
            var settings = StageSettings.example(l1: 0.01, optimizer: .sgd(learningRate: 0.1, momentum: 0))
            (settings.localEpochs, settings.schedule) = (1, .constant)
            let work = AutoencoderStage(layer: 0, decoders: decoders, frozenEncoders: frozen, settings: settings)
                .training(
                    of: network, frozen: nil, start: TaskTests.digest,
                    on: SampleSet(digest: TaskTests.digest, count: 12, size: network.inputSize, divisor: 255), round: 1,
                    seed: 1)
            return try TaskFunctions.train(
                work, given: start, data: TaskData([samples]), isCancelled: { false }
            ).vector
        }
        let all = try step(frozen: 0)
        for frozen in 1..<network.layers.count {
            let some = try step(frozen: frozen)
            var place = 0
            for parameter in parameters {
                let range = place..<place + parameter.count
                place += parameter.count
                let isFrozen = (0..<frozen).contains { network.encoderParameters(layer: $0).contains(parameter) }
                let expected = isFrozen ? parameter.zeros : Array(all[range])
                #expect(Array(some[range]) == expected, "\(parameter.name) with \(frozen) frozen encoders")
                #expect(isFrozen || all[range].contains { $0 != 0 })
            }
        }
    }
}

extension ParameterSpec {
    fileprivate var zeros: [Float] { [Float](repeating: 0, count: count) }
}
