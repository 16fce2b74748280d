import CElementwise
import COneDNN

/// A convolution of a fixed number of pictures and its two derivatives, on oneDNN.
///
/// Pictures lie channels last, where every element-wise kernel can use them as rows of channels. Only the few weights are
/// brought into the library's layout at each call. The derivative by the input is the transposed convolution: with a
/// window's weight it decodes what the convolution encoded.
package final class Convolution {
    package let shape: ConvolutionShape
    package let count: Int
    private let forwardPass: ConvolutionPass
    /// Nil where windows are added up instead.
    private let inputPass: ConvolutionPass?
    private let weightPass: ConvolutionPass

    /// Call it on the thread that will compute: oneDNN divides the work by the threads that it finds here.
    /// - Parameter count: how many pictures a call has.
    package init(_ shape: ConvolutionShape, count: Int) {
        (self.shape, self.count) = (shape, count)
        let stream = ComputeStream()
        let layouts = ConvolutionLayouts(shape, count: count)
        let forward = layouts.forward(stream.engine)
        let input = shape.hasFewChannels ? nil : layouts.inputGradient(stream.engine, hint: forward)
        let weight = layouts.weightGradient(stream.engine, hint: forward)
        defer { [forward, input, weight].forEach { if let each = $0 { dnnl_primitive_desc_destroy(each) } } }
        forwardPass = ConvolutionPass(
            stream, forward, layouts, .init(DNNL_ARG_SRC, .source, dnnl_query_src_md),
            .init(DNNL_ARG_WEIGHTS, .weight, dnnl_query_weights_md),
            result: .init(DNNL_ARG_DST, .output, dnnl_query_dst_md))
        inputPass = input.map { input in
            ConvolutionPass(
                stream, input, layouts, .init(DNNL_ARG_DIFF_DST, .output, dnnl_query_diff_dst_md),
                .init(DNNL_ARG_WEIGHTS, .weight, dnnl_query_weights_md),
                result: .init(DNNL_ARG_DIFF_SRC, .source, dnnl_query_diff_src_md))
        }
        weightPass = ConvolutionPass(
            stream, weight, layouts, .init(DNNL_ARG_SRC, .source, dnnl_query_src_md),
            .init(DNNL_ARG_DIFF_DST, .output, dnnl_query_diff_dst_md),
            result: .init(DNNL_ARG_DIFF_WEIGHTS, .weight, dnnl_query_diff_weights_md))
    }

    /// out (count, outputSize) = x (count, inputSize) * weight
    package func forward(
        _ x: UnsafeMutablePointer<Float>, weight: UnsafeMutablePointer<Float>, into out: UnsafeMutablePointer<Float>
    ) {
        forwardPass.run(x, weight, into: out)
    }

    /// Multiplies each place's channels with the weight to a window, and adds the windows up: some pictures at a time, so
    /// that their windows stay in the cache.
    private func addWindows(
        _ delta: UnsafeMutablePointer<Float>, weight: UnsafeMutablePointer<Float>,
        into out: UnsafeMutablePointer<Float>
    ) {
        // Whole vectors: products with an odd number of columns are slow. The weight has zeros beyond the window.
        for row in 0..<shape.outputChannels {
            (wideWeight.pointer + row * apart).update(from: weight + row * windowSize, count: windowSize)
        }
        for first in stride(from: 0, to: count, by: imagesAtOnce) {
            let images = min(imagesAtOnce, count - first)
            let rows = images * shape.outputHeight * shape.outputWidth
            MatrixProduct.multiply(
                MatrixView(delta + first * shape.outputSize, rows: rows, columns: shape.outputChannels),
                MatrixView(wideWeight.pointer, rows: shape.outputChannels, columns: apart),
                into: MatrixView(windows.pointer, rows: rows, columns: apart))
            ce_add_windows(
                windows.pointer, apart, images, shape.inputHeight, shape.inputWidth, shape.inputChannels, shape.kernel,
                shape.stride, shape.paddingBefore, out + first * shape.inputSize)
        }
    }

    private var windowSize: Int { shape.inputChannels * shape.kernel * shape.kernel }
    /// From one window to the next.
    private var apart: Int { (windowSize + 7) / 8 * 8 }
    private var windowsSize: Int { shape.outputHeight * shape.outputWidth * apart }
    private var imagesAtOnce: Int { max(1, min(count, (1 << 16) / windowsSize)) }
    private lazy var windows = FloatBuffer(count: imagesAtOnce * windowsSize)
    private lazy var wideWeight = FloatBuffer(count: shape.outputChannels * apart)

    /// out (count, inputSize): the derivative by the input where the one by the output is `delta` (count, outputSize).
    package func inputGradient(
        _ delta: UnsafeMutablePointer<Float>, weight: UnsafeMutablePointer<Float>,
        into out: UnsafeMutablePointer<Float>
    ) {
        if let inputPass {
            inputPass.run(delta, weight, into: out)
        } else {
            addWindows(delta, weight: weight, into: out)
        }
    }

    /// out: the derivative by the weight, in its layout.
    package func weightGradient(
        _ x: UnsafeMutablePointer<Float>, delta: UnsafeMutablePointer<Float>, into out: UnsafeMutablePointer<Float>
    ) {
        weightPass.run(x, delta, into: out)
    }
}

extension Convolution {
    /// The memory of one, in bytes: the weight in the layouts that oneDNN chooses for each of three passes, whole vectors
    /// of channels, and windows of which the derivative by the input is made.
    package static func memory(_ shape: ConvolutionShape) -> Int {
        func whole(_ channels: Int) -> Int { (channels + 15) / 16 * 16 }
        let weight = whole(shape.inputChannels) * whole(shape.outputChannels) * shape.kernel * shape.kernel
        let windows = shape.hasFewChannels ? 1 << 16 : 0
        return (3 * weight + windows) * 4
    }
}

extension ConvolutionShape {
    /// Whether oneDNN would leave most of each vector empty.
    fileprivate var hasFewChannels: Bool { inputChannels < 8 && !hasInputMajorWeight }
}
