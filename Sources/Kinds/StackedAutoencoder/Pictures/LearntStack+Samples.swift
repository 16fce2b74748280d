package import Pictures
package import RunProtocol
import TensorCore
import Training

extension LearntStack {
    /// So many samples are shown above their reconstructions, where there are as many.
    package static let shownSamples = 12
    /// So many samples make a map of codes, where there are as many.
    package static let mappedSamples = 1_000

    /// Samples above what they are decoded to after they have gone through all layers.
    ///
    /// Numbers in 0 ... 1 are shown as they are; else black and white are the lowest and highest of a sample's numbers.
    package func reconstructions(of samples: PickedSamples) throws -> PictureSheet {
        Engine.useOneThread()
        let decoded = try reconstruction.reconstruct(samples.samples)
        var sheet = PictureSheet(sampleTile, rows: 2, columns: samples.count)
        for index in 0..<samples.count {
            let sample = samples.sample(index)
            let shade = Shade(of: sample)
            let range = index * network.inputSize..<(index + 1) * network.inputSize
            sheet.draw(sample, row: 0, column: index, shade: shade)
            sheet.draw(Array(decoded[range]), row: 1, column: index, shade: shade)
        }
        return sheet
    }

    /// The codes of the highest layer in two dimensions.
    package func codeMap(of samples: PickedSamples, labels: [Int32]?, stage: Int) throws -> CodeMap {
        Engine.useOneThread()
        let codes = try codes(of: samples)
        let components = PrincipalComponents(codes, count: samples.count)
        let points = (0..<samples.count).map { index in
            CodeMap.Point(x: components.x[index], y: components.y[index], label: labels.map { Int($0[index]) })
        }
        return CodeMap(stage: stage, points: points, variance: components.variance)
    }

    /// (samples, code size), each number rounded to bfloat16, as the layer above would see them.
    private func codes(of samples: PickedSamples) throws -> [Float] {
        var codes: [Float] = []
        codes.reserveCapacity(samples.count * network.codeSize)
        try TaskFunctions.codes(
            of: TaskData([samples.samples]), graph: network.encoderGraph(layers: network.layers.indices),
            weights: encoders, isCancelled: { false }
        ) { part in
            codes += part.lazy.map { Float(bitPattern: UInt32($0) << 16) }
        }
        return codes
    }
}
