import DataFormats
import Foundation
import Kinds
import Pictures
import RunProtocol
import Testing

@Suite final class SamplePicturesTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "pictures-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Samples as the coordinator keeps them.
    private func pick(_ rows: [[Float]], places: [Int32]? = nil) throws -> PickedSamples {
        let path = folder.appending(path: "\(UUID().uuidString).npy").path
        let table = SampleTable(
            count: rows.count, sampleShape: [rows[0].count], numbers: .float32(rows.flatMap(\.self)))
        try NPY.encode(table).write(to: URL(filePath: path))
        let set = SampleSet(
            digest: Digest(of: Data()), count: rows.count, size: rows[0].count, divisor: 1)
        return try PickedSamples(path, of: set, places: places ?? (0..<Int32(rows.count)).map { $0 })
    }

    private func identity(image: ImageShape?, layers: Int = 1) -> LearntStack {
        let network = NetworkSpec(
            inputSize: 4, image: image,
            layers: (0..<layers).map { _ in LayerSpec(units: 4, activation: .linear) })
        let decoders = network.layers.map { _ in DecoderSpec(constraint: .tied, activation: .linear) }
        // The unit matrix, the code's bias, the output's.
        let layer = (0..<16).map { Float($0 % 5 == 0 ? 1 : 0) } + [Float](repeating: 0, count: 8)
        return LearntStack(
            network: network, decoders: decoders, sparsity: nil, weights: (0..<layers).flatMap { _ in layer })
    }

    @Test func placesAreSpreadEvenly() {
        #expect(PickedSamples.places(3, of: 9) == [0, 3, 6])
        #expect(PickedSamples.places(9, of: 3) == [0, 1, 2])
        #expect(PickedSamples.places(5, of: 0) == [])
    }

    @Test func onlyThePickedSamplesAreRead() throws {
        let picked = try pick([[1], [2], [3], [4]], places: [3, 1])
        #expect(picked.count == 2)
        #expect([picked.sample(0), picked.sample(1)] == [[4], [2]])
        #expect(throws: DataError.self) {
            let set = SampleSet(digest: Digest(of: Data()), count: 4, size: 1, divisor: 1)
            _ = try PickedSamples(folder.appending(path: "nothing").path, of: set, places: [0])
        }
    }

    @Test(arguments: [1, 2])
    func reconstructionsStandBelowTheirSamples(layers: Int) throws {
        let samples = try pick([[0, 1, 0, 1], [1, 1, 0, 0], [0.5, 0, 0, 0]])
        let stack = identity(image: ImageShape(height: 2, width: 2, channels: 1), layers: layers)
        let sheet = try stack.reconstructions(of: samples)
        #expect((sheet.rows, sheet.columns) == (2, 3))
        let half = sheet.width * (sheet.height - 2) / 2
        #expect(Array(sheet.pixels[..<half]) == Array(sheet.pixels[half..<half * 2]))
        #expect(Set(sheet.pixels) == [0, 64, 127, 255])
    }

    @Test func numbersThatAreNoPictureAreDrawnByTheirRange() throws {
        let samples = try pick([[-4, 0, 0, 4]])
        let sheet = try identity(image: nil).reconstructions(of: samples)
        #expect(Set(sheet.pixels) == [0, 64, 127, 255])
    }

    @Test func codesAreMappedWithTheirLabels() throws {
        let samples = try pick([[3, 0, 0, 0], [-3, 0, 0, 0], [0, 1, 0, 0], [0, -1, 0, 0]])
        let map = try identity(image: nil, layers: 2).codeMap(of: samples, labels: [0, 1, 2, 0], stage: 1)
        #expect(map.stage == 1)
        #expect(map.points.map(\.label) == [0, 1, 2, 0])
        let expected = [(3.0, 0.0), (-3.0, 0.0), (0.0, 1.0), (0.0, -1.0)]
        for (point, place) in zip(map.points, expected) {
            // Either end of a direction may be the positive one here.
            #expect(abs(abs(point.x) - abs(place.0)) < 1e-4 && abs(abs(point.y) - abs(place.1)) < 1e-4)
        }
        #expect(abs(map.variance[0] - 0.9) < 1e-4 && abs(map.variance[1] - 0.1) < 1e-4)
        #expect(try identity(image: nil).codeMap(of: samples, labels: nil, stage: 0).points[0].label == nil)
    }

    @Test func mistakesComeWithTheMostConfidentFirst() throws {
        let network = NetworkSpec(
            inputSize: 2, image: ImageShape(height: 1, width: 2, channels: 1),
            layers: [LayerSpec(units: 2, activation: .linear)])
        // Both layers are the unit matrix: the larger number wins.
        let weights: [Float] = [1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0]
        let samples = try pick([[1, 0], [0, 1], [0, 0.5], [5, 0]], places: [0, 1, 2, 3])
        let found = try ClassifierMistakes(
            network: network, classes: 2, weights: weights, samples: samples, labels: [0, 0, 0, 1])
        #expect(found.mistakes.mistakes.map(\.sample) == [3, 1, 2])
        #expect(found.mistakes.mistakes.map(\.answer) == [0, 1, 1])
        #expect(found.mistakes.mistakes.map(\.label) == [1, 0, 0])
        let confidence = found.mistakes.mistakes[1].confidence
        #expect(abs(confidence - 1 / (1 + exp(-1))) < 1e-5)
        #expect(found.mistakes.hasPicture && found.sheet != nil)
        let right = try ClassifierMistakes(
            network: network, classes: 2, weights: weights, samples: samples, labels: [0, 1, 1, 0])
        #expect(right.mistakes.mistakes == [] && !right.mistakes.hasPicture && right.sheet == nil)
    }

    @Test func aPictureIsComputedFromFewSamplesOfALargeNetwork() {
        let large = NetworkSpec(
            inputSize: 1 << 20, layers: [LayerSpec(units: 1 << 10, activation: .relu)])
        #expect((1...8).contains(large.samplesAtOnce(atMost: 1_000)))
        #expect((1...16).contains(large.samplesToClassify(atMost: 10_000)))
        let small = NetworkSpec(inputSize: 784, layers: [LayerSpec(units: 500, activation: .relu)])
        #expect(small.samplesAtOnce(atMost: 1_000) == 1_000 && small.samplesToClassify(atMost: 10_000) == 10_000)
    }
}
