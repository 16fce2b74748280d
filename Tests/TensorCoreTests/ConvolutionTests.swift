import CElementwise
import RandomNumbers
import TensorCore
import Testing

/// The convolution and its derivatives against loops that say what they are.
@Suite struct ConvolutionTests {
    static let shapes: [ConvolutionShape] = [
        ConvolutionShape(inputHeight: 1, inputWidth: 1, inputChannels: 1, outputChannels: 1, kernel: 1, stride: 1),
        ConvolutionShape(inputHeight: 8, inputWidth: 8, inputChannels: 1, outputChannels: 16, kernel: 3, stride: 2),
        ConvolutionShape(inputHeight: 7, inputWidth: 5, inputChannels: 3, outputChannels: 5, kernel: 3, stride: 1),
        ConvolutionShape(inputHeight: 9, inputWidth: 13, inputChannels: 16, outputChannels: 8, kernel: 5, stride: 3),
        ConvolutionShape(inputHeight: 6, inputWidth: 7, inputChannels: 2, outputChannels: 3, kernel: 1, stride: 2),
        ConvolutionShape(inputHeight: 3, inputWidth: 2, inputChannels: 1, outputChannels: 5, kernel: 9, stride: 1),
        ConvolutionShape(inputHeight: 40, inputWidth: 40, inputChannels: 2, outputChannels: 9, kernel: 7, stride: 1),
        ConvolutionShape(inputHeight: 5, inputWidth: 4, inputChannels: 8, outputChannels: 1, kernel: 4, stride: 2),
        ConvolutionShape(
            inputHeight: 7, inputWidth: 6, inputChannels: 5, outputChannels: 2, kernel: 3, stride: 1,
            hasInputMajorWeight: true),
        ConvolutionShape(
            inputHeight: 10, inputWidth: 10, inputChannels: 16, outputChannels: 16, kernel: 7, stride: 2,
            hasInputMajorWeight: true),
    ]

    @Test(arguments: shapes, [1, 3]) func allThreeAgreeWithLoops(shape: ConvolutionShape, count: Int) {
        Engine.useOneThread()
        let x = Self.numbers(count * shape.inputSize, stream: 0)
        let weight = Self.numbers(shape.weightCount, stream: 1)
        let delta = Self.numbers(count * shape.outputSize, stream: 2)
        let convolution = Convolution(shape, count: count)
        let (out, below, slope) = (
            FloatBuffer(count: delta.count), FloatBuffer(count: x.count), FloatBuffer(count: weight.count)
        )
        var (expectedOut, expectedBelow, expectedSlope) = (
            [Double](repeating: 0, count: delta.count), [Double](repeating: 0, count: x.count),
            [Double](repeating: 0, count: weight.count)
        )
        Self.forEachProduct(shape, count: count) { at, from, weightAt in
            expectedOut[at] += Double(x.pointer[from]) * Double(weight.pointer[weightAt])
            expectedBelow[from] += Double(delta.pointer[at]) * Double(weight.pointer[weightAt])
            expectedSlope[weightAt] += Double(delta.pointer[at]) * Double(x.pointer[from])
        }

        convolution.forward(x.pointer, weight: weight.pointer, into: out.pointer)
        convolution.inputGradient(delta.pointer, weight: weight.pointer, into: below.pointer)
        convolution.weightGradient(x.pointer, delta: delta.pointer, into: slope.pointer)

        for (ours, expected) in [
            (out.values, expectedOut), (below.values, expectedBelow), (slope.values, expectedSlope),
        ] {
            let worst = zip(ours, expected).map { abs(Double($0) - $1) }.max() ?? 0
            #expect(worst < 1e-4, "\(shape)")
        }
    }

    /// Calls `body` with the places of an output, an input and a weight whose product is part of the output.
    private static func forEachProduct(
        _ shape: ConvolutionShape, count: Int, _ body: (_ output: Int, _ input: Int, _ weight: Int) -> Void
    ) {
        let places = shape.outputHeight * shape.outputWidth
        for output in 0..<count * places * shape.outputChannels {
            let (place, channel) = (output / shape.outputChannels, output % shape.outputChannels)
            let (image, row, column) = (
                place / places, place % places / shape.outputWidth, place % shape.outputWidth
            )
            for tap in 0..<shape.kernel * shape.kernel {
                let y = row * shape.stride + tap / shape.kernel - shape.paddingBefore
                let x = column * shape.stride + tap % shape.kernel - shape.paddingBefore
                guard (0..<shape.inputHeight).contains(y), (0..<shape.inputWidth).contains(x) else { continue }
                for source in 0..<shape.inputChannels {
                    let input = ((image * shape.inputHeight + y) * shape.inputWidth + x) * shape.inputChannels + source
                    let pair =
                        shape.hasInputMajorWeight
                        ? source * shape.outputChannels + channel : channel * shape.inputChannels + source
                    body(output, input, pair * shape.kernel * shape.kernel + tap)
                }
            }
        }
    }

    @Test(arguments: [(4, 4, 2), (5, 7, 2), (1, 1, 3), (7, 3, 3), (6, 6, 16)], [1, 3, 16, 17])
    func poolingAgreesWithLoops(size: (height: Int, width: Int, window: Int), channels: Int) {
        let (height, width, window) = size
        let (rows, columns) = ((height + window - 1) / window, (width + window - 1) / window)
        let (images, cells) = (2, 2 * rows * columns * channels)
        let x = Self.numbers(images * height * width * channels, stream: 3)
        let delta = Self.numbers(cells, stream: 4)
        let (largest, back) = (FloatBuffer(count: cells), FloatBuffer(count: x.count))
        let (repeated, sums) = (FloatBuffer(count: x.count), FloatBuffer(count: cells))
        var places = [UInt8](repeating: 255, count: cells)
        var expected = [Float](repeating: -.infinity, count: cells)
        var from = [Int](repeating: 0, count: cells)
        var (expectedRepeated, expectedSums) = (
            [Float](repeating: 0, count: x.count), [Float](repeating: 0, count: cells)
        )
        for at in 0..<x.count {
            let (channel, place) = (at % channels, at / channels)
            let (image, row, column) = (place / (height * width), place / width % height, place % width)
            let cell = ((image * rows + row / window) * columns + column / window) * channels + channel
            if x.pointer[at] > expected[cell] { (expected[cell], from[cell]) = (x.pointer[at], at) }
            expectedRepeated[at] = delta.pointer[cell]
            expectedSums[cell] += x.pointer[at]
        }
        var expectedBack = [Float](repeating: 0, count: x.count)
        for cell in 0..<cells { expectedBack[from[cell]] = delta.pointer[cell] }

        ce_max_pool(x.pointer, images, height, width, channels, window, largest.pointer, &places)
        ce_max_pool_backward(delta.pointer, places, images, height, width, channels, window, back.pointer)
        ce_upsample(delta.pointer, images, height, width, channels, window, repeated.pointer)
        ce_upsample_backward(x.pointer, images, height, width, channels, window, sums.pointer)

        #expect(largest.values == expected)
        #expect(back.values == expectedBack)
        #expect(repeated.values == expectedRepeated)
        #expect(sums.values == expectedSums)
    }

    private static func numbers(_ count: Int, stream: UInt64) -> FloatBuffer {
        var random = Philox(key: 5, stream: stream)
        return FloatBuffer((0..<count).map { _ in random.nextUnit() - 0.5 })
    }
}
