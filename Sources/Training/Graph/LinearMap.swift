import CElementwise
import TensorCore

package typealias Numbers = UnsafeMutablePointer<Float>

/// A layer's weight, and the same rounded to bfloat16 where the chain keeps that.
struct LayerWeight {
    let numbers: Numbers
    var bfloat16: UnsafeMutablePointer<UInt16>?
}

/// What a layer multiplies its input by, without bias: forward, and the derivatives by its input and by its weight.
///
/// A batch is (count, size), row-major; a picture in it lies (height, width, channels).
protocol LinearMap: AnyObject {
    /// out = x · weight
    func forward(_ x: Numbers, weight: LayerWeight, into out: Numbers, count: Int)
    /// out = the derivative by x, where that by the output is `delta`.
    func inputGradient(_ delta: Numbers, weight: LayerWeight, into out: Numbers, count: Int)
    /// out = the derivative by the weight, or out += it where `adding`.
    func weightGradient(_ x: Numbers, delta: Numbers, into out: Numbers, count: Int, adding: Bool)
    /// The memory that it has of its own for batches of `batchSize` samples, in bytes.
    func memory(batchSize: Int) -> Int
}

/// A matrix: out (count, outputs) = x (count, inputs) W, with W of (inputs, outputs), or of (outputs, inputs) transposed.
final class DenseMap: LinearMap {
    private let inputs: Int
    private let outputs: Int
    private let isTransposed: Bool

    init(inputs: Int, outputs: Int, isTransposed: Bool = false) {
        (self.inputs, self.outputs, self.isTransposed) = (inputs, outputs, isTransposed)
    }

    /// (inputs, outputs)
    private func matrix(_ weight: LayerWeight) -> MatrixView {
        isTransposed
            ? MatrixView(weight.numbers, rows: outputs, columns: inputs).transposed
            : MatrixView(weight.numbers, rows: inputs, columns: outputs)
    }

    func forward(_ x: Numbers, weight: LayerWeight, into out: Numbers, count: Int) {
        MatrixProduct.multiply(
            MatrixView(x, rows: count, columns: inputs), matrix(weight),
            into: MatrixView(out, rows: count, columns: outputs))
    }

    func inputGradient(_ delta: Numbers, weight: LayerWeight, into out: Numbers, count: Int) {
        MatrixProduct.multiply(
            MatrixView(delta, rows: count, columns: outputs), matrix(weight).transposed,
            into: MatrixView(out, rows: count, columns: inputs))
    }

    func weightGradient(_ x: Numbers, delta: Numbers, into out: Numbers, count: Int, adding: Bool) {
        let x = MatrixView(x, rows: count, columns: inputs)
        let delta = MatrixView(delta, rows: count, columns: outputs)
        if isTransposed {
            let out = MatrixView(out, rows: outputs, columns: inputs)
            MatrixProduct.multiply(delta.transposed, x, into: out, adding: adding)
        } else {
            let out = MatrixView(out, rows: inputs, columns: outputs)
            MatrixProduct.multiply(x.transposed, delta, into: out, adding: adding)
        }
    }

    func memory(batchSize: Int) -> Int { 0 }
}

/// A convolution, or its transpose, which leads back from the output's pictures to the input's.
final class ConvolutionMap: LinearMap {
    private let shape: ConvolutionShape
    private let isTransposed: Bool
    /// By the number of pictures: a batch's, and the last one's, which may be smaller.
    private var convolutions: [Int: Convolution] = [:]
    private lazy var sum = FloatBuffer(count: shape.weightCount)

    init(_ shape: ConvolutionShape, isTransposed: Bool = false) {
        (self.shape, self.isTransposed) = (shape, isTransposed)
    }

    private func convolution(_ count: Int) -> Convolution {
        if let known = convolutions[count] { return known }
        let new = Convolution(shape, count: count)
        convolutions[count] = new
        return new
    }

    func forward(_ x: Numbers, weight: LayerWeight, into out: Numbers, count: Int) {
        isTransposed
            ? convolution(count).inputGradient(x, weight: weight.numbers, into: out)
            : convolution(count).forward(x, weight: weight.numbers, into: out)
    }

    func inputGradient(_ delta: Numbers, weight: LayerWeight, into out: Numbers, count: Int) {
        isTransposed
            ? convolution(count).forward(delta, weight: weight.numbers, into: out)
            : convolution(count).inputGradient(delta, weight: weight.numbers, into: out)
    }

    func weightGradient(_ x: Numbers, delta: Numbers, into out: Numbers, count: Int, adding: Bool) {
        let (source, derivative) = isTransposed ? (delta, x) : (x, delta)
        guard adding else { return convolution(count).weightGradient(source, delta: derivative, into: out) }
        convolution(count).weightGradient(source, delta: derivative, into: sum.pointer)
        ce_add(out, sum.pointer, shape.weightCount)
    }

    /// Of two convolutions, of whole parts and of the last one, and the sum.
    func memory(batchSize: Int) -> Int { 2 * Convolution.memory(shape) + shape.weightCount * 4 }
}

/// Each place of the input is repeated `factor` times both ways, then a convolution with stride 1.
final class UpsamplingMap: LinearMap {
    private let shape: ConvolutionShape
    private let factor: Int
    private let convolution: ConvolutionMap
    /// (batchSize, inputSize of the convolution)
    private let large: FloatBuffer

    init(_ shape: ConvolutionShape, factor: Int, batchSize: Int) {
        (self.shape, self.factor) = (shape, factor)
        convolution = ConvolutionMap(shape)
        large = FloatBuffer(count: batchSize * shape.inputSize)
    }

    private func enlarge(_ x: Numbers, count: Int) {
        ce_upsample(x, count, shape.inputHeight, shape.inputWidth, shape.inputChannels, factor, large.pointer)
    }

    func forward(_ x: Numbers, weight: LayerWeight, into out: Numbers, count: Int) {
        enlarge(x, count: count)
        convolution.forward(large.pointer, weight: weight, into: out, count: count)
    }

    func inputGradient(_ delta: Numbers, weight: LayerWeight, into out: Numbers, count: Int) {
        convolution.inputGradient(delta, weight: weight, into: large.pointer, count: count)
        ce_upsample_backward(
            large.pointer, count, shape.inputHeight, shape.inputWidth, shape.inputChannels, factor, out)
    }

    func weightGradient(_ x: Numbers, delta: Numbers, into out: Numbers, count: Int, adding: Bool) {
        enlarge(x, count: count)
        convolution.weightGradient(large.pointer, delta: delta, into: out, count: count, adding: adding)
    }

    func memory(batchSize: Int) -> Int { batchSize * shape.inputSize * 4 + convolution.memory(batchSize: batchSize) }
}
