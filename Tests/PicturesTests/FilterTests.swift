import Kinds
import Pictures
import RandomNumbers
import RunProtocol
import Testing

@Suite struct FilterTests {
    private let picture = ImageShape(height: 2, width: 3, channels: 1)

    private func stack(
        _ network: NetworkSpec, _ decoders: [DecoderSpec], weights: (Int) -> Float = { _ in 0 }
    ) -> LearntStack {
        let count = network.autoencoderParameters(first: 0, decoders: decoders).elementCount
        return LearntStack(network: network, decoders: decoders, sparsity: nil, weights: (0..<count).map(weights))
    }

    private func linear(_ constraint: DecoderConstraint = .free) -> DecoderSpec {
        DecoderSpec(constraint: constraint, activation: .linear)
    }

    private func dense(_ units: [Int], of image: ImageShape?, inputs: Int) -> NetworkSpec {
        NetworkSpec(
            inputSize: inputs, image: image, layers: units.map { LayerSpec(units: $0, activation: .relu) })
    }

    /// The bytes of one tile of a sheet with the zoom that it has.
    private func tile(_ sheet: PictureSheet, _ index: Int) -> [UInt8] {
        let (height, width) = (sheet.tile.height, sheet.tile.width)
        let zoom = (sheet.width - 2) / sheet.columns - 2
        let top = 2 + index / sheet.columns * (zoom / width * height + 2)
        let left = 2 + index % sheet.columns * (zoom + 2)
        return (0..<height * width).flatMap { place in
            let (y, x) = (top + place / width * (zoom / width), left + place % width * (zoom / width))
            let start = (y * sheet.width + x) * sheet.tile.channels
            return sheet.pixels[start..<start + sheet.tile.channels]
        }
    }

    @Test func weightsOfZeroAreMidGrey() throws {
        let window = ConvolutionWindow(kernel: 3)
        let networks = [
            dense([4], of: picture, inputs: 6), dense([4, 2], of: picture, inputs: 6), dense([5], of: nil, inputs: 9),
            NetworkSpec(
                inputSize: 6, image: picture, layers: [LayerSpec(units: 4, activation: .relu, window: window)]),
        ]
        for network in networks {
            let sheet = try stack(network, network.layers.map { _ in linear() }).filters()
            #expect(Set(sheet.pixels) == [64, 127])
        }
    }

    @Test func decodersAtomsAreTheFirstLayersFilters() throws {
        // encoder.weight (6, 2), encoder.bias (2), decoder.weight (2, 6)
        let atoms: [Float] = [0, 1, -1, 0.5, 0, 0, 10, 0, 0, 0, 0, -10]
        let sheet = try stack(dense([2], of: picture, inputs: 6), [linear()]) { place in
            (14..<26).contains(place) ? atoms[place - 14] : 77
        }.filters()
        #expect((sheet.rows, sheet.columns) == (1, 2))
        #expect(tile(sheet, 0) == [127, 255, 0, 191, 127, 127])
        #expect(tile(sheet, 1) == [255, 127, 127, 127, 127, 0])
    }

    @Test func tiedDecodersShowTheEncodersColumns() throws {
        let weight: [Float] = [1, 0, 0, 0, -1, 0, 0, 0, 0, 2, 0, 0]
        let sheet = try stack(dense([2], of: picture, inputs: 6), [linear(.tied)]) { $0 < 12 ? weight[$0] : 5 }
            .filters()
        #expect(tile(sheet, 0) == [255, 127, 0, 127, 127, 127])
        #expect(tile(sheet, 1) == [127, 127, 127, 127, 255, 127])
    }

    @Test func kernelsAreAConvolutionsFilters() throws {
        let network = NetworkSpec(
            inputSize: 75, image: ImageShape(height: 5, width: 5, channels: 3),
            layers: [LayerSpec(units: 2, activation: .relu, window: ConvolutionWindow(kernel: 2))])
        // (units, channels, kernel, kernel): of the first unit the red place 0 and the blue place 3.
        let sheet = try stack(network, [linear(.tied)]) { $0 == 0 || $0 == 11 ? 1 : 0 }.filters()
        #expect((sheet.tile.height, sheet.tile.width, sheet.tile.channels) == (2, 2, 3))
        #expect(tile(sheet, 0) == [255, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 255])
    }

    @Test func higherLayersAreSeenThroughAllBelow() throws {
        let network = dense([2, 2], of: picture, inputs: 6)
        let first = network.autoencoderParameters(layer: 0, decoder: .free).elementCount
        var weights = [Float](
            repeating: 0, count: network.autoencoderParameters(first: 0, decoders: [linear(), linear()]).elementCount)
        // The first layer's atoms, and a bias that must not be seen.
        weights.replaceSubrange(14..<26, with: [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
        weights.replaceSubrange(26..<32, with: [9, 9, 9, 9, 9, 9])
        // The second layer's decoder (2, 2): its first unit is the sum of both, its second the difference.
        let decoder = first + 2 * 2 + 2
        weights.replaceSubrange(decoder..<decoder + 4, with: [1, 1, 1, -1])
        let sheet = try LearntStack(
            network: network, decoders: [linear(), linear()], sparsity: nil, weights: weights
        ).filters()
        #expect(tile(sheet, 0) == [255, 127, 127, 127, 127, 255])
        #expect(tile(sheet, 1) == [255, 127, 127, 127, 127, 0])
    }

    @Test func aChannelOfAHigherConvolutionIsSeenInTheMiddle() throws {
        let image = ImageShape(height: 8, width: 8, channels: 1)
        let layers = [
            LayerSpec(units: 3, activation: .relu, window: ConvolutionWindow(kernel: 3, pooling: 2)),
            LayerSpec(units: 2, activation: .relu, window: ConvolutionWindow(kernel: 3)),
        ]
        let network = NetworkSpec(inputSize: 64, image: image, layers: layers)
        let sheet = try stack(network, [linear(), linear()]) { Float($0 % 5 + 1) }.filters()
        let shown = tile(sheet, 0)
        #expect(shown.count == 64 && shown[0] == 127 && shown[4 * 8 + 4] != 127)
    }

    @Test func atMostAHundredAreDrawn() throws {
        let sheet = try stack(dense([150], of: nil, inputs: 5), [linear()]) { Float($0) }.filters()
        #expect((sheet.rows, sheet.columns) == (10, 10))
        #expect((sheet.tile.height, sheet.tile.width) == (2, 3))
    }

    @Test func theSameWeightsGiveTheSameBytes() throws {
        var random = Philox(key: 1, stream: 0)
        let weights = (0..<10_000).map { _ in random.nextUnit() - 0.5 }
        let network = dense([20, 10], of: nil, inputs: 30)
        let stack = stack(network, [linear(), linear(.tied)]) { weights[$0] }
        #expect(try stack.filters().png() == stack.filters().png())
        #expect(try stack.filters().png().count > 100)
    }
}
