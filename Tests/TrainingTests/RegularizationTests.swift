import Kinds
import RandomNumbers
import RunProtocol
import Testing
import Training

@Suite struct RegularizationTests {
    private static let image = ImageShape(height: 5, width: 4, channels: 2)
    private static let network = NetworkSpec(
        inputSize: image.count, image: image, layers: [LayerSpec(units: 6, activation: .tanh)])

    /// One step on all the samples at once.
    private func pretrain(_ samples: [UInt8], _ settings: StageSettings, seed: UInt64 = 1) throws -> [Float] {
        var settings = settings
        settings.localEpochs = 1
        let count = samples.count / Self.image.count
        let set = SampleSet(digest: TaskTests.digest, count: count, size: Self.image.count, divisor: 255)
        let work = AutoencoderStage(layer: 0, decoders: [settings.decoderSpec], settings: settings).training(
            of: Self.network, frozen: nil, start: TaskTests.digest, on: set, round: 1, seed: seed)
        return try TaskFunctions.train(
            work, given: start,
            data: TaskData([Samples(count: count, size: set.size, numbers: .uint8(samples), divisor: 255)]),
            isCancelled: { false }
        ).vector
    }

    private let start = network.autoencoderParameters(layer: 0, decoder: .free).initialValues(seed: 2).map { $0 + 0.01 }

    private func moved(_ picture: [UInt8], down: Int, right: Int) -> [UInt8] {
        let image = Self.image
        return (0..<image.count).map { place in
            let row = place / (image.width * image.channels) - down
            let column = place / image.channels % image.width - right
            guard (0..<image.height).contains(row), (0..<image.width).contains(column) else { return 0 }
            return picture[(row * image.width + column) * image.channels + place % image.channels]
        }
    }

    /// One picture at a time: it was moved, for the encoder and as its target, by one of the offsets, and in the course of
    /// time by each of them.
    @Test func picturesAreMovedEachWay() throws {
        let picture = (0..<Self.image.count).map { UInt8(200 - 4 * $0) }
        let plain = StageSettings.example(decoder: .free, optimizer: .sgd(learningRate: 0.1, momentum: 0))
        var shifting = plain
        shifting.randomShift = 1
        let offsets = (-1...1).flatMap { down in (-1...1).map { right in (down, right) } }
        let expected = try offsets.map { try pretrain(moved(picture, down: $0.0, right: $0.1), plain) }
        #expect(Set(expected).count == 9)
        var seen = Set<Int>()
        for seed in 1...80 as ClosedRange<UInt64> {
            let result = try pretrain(picture, shifting, seed: seed)
            seen.insert(try #require(expected.firstIndex(of: result)))
        }
        #expect(seen.count == 9)
    }

    @Test func weightsDecayAndBiasesDoNot() throws {
        var random = Philox(key: 3, stream: 0)
        let samples = (0..<8 * Self.image.count).map { _ in UInt8(random.next(below: 256)) }
        let plain = StageSettings.example(decoder: .free, optimizer: .sgd(learningRate: 0.1, momentum: 0))
        var decaying = plain
        decaying.weightDecay = 0.3
        let (without, with) = (try pretrain(samples, plain), try pretrain(samples, decaying))
        var place = 0
        for parameter in Self.network.autoencoderParameters(layer: 0, decoder: .free) {
            let share: Float = parameter.shape.count > 1 ? 0.1 * 0.3 : 0
            for index in place..<place + parameter.count {
                #expect(abs(with[index] - without[index] + share * start[index]) < 1e-6)
            }
            place += parameter.count
        }
        #expect(place == start.count)
    }
}
