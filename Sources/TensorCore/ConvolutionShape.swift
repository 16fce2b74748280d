/// What a convolution maps to what. Pictures lie (images, height, width, channels).
package struct ConvolutionShape: Hashable, Sendable {
    package var inputHeight: Int
    package var inputWidth: Int
    package var inputChannels: Int
    package var outputChannels: Int
    /// Height and width of the window.
    package var kernel: Int
    package var stride: Int
    /// The weight lies (inputChannels, outputChannels, kernel, kernel), else (outputChannels, inputChannels, kernel, kernel).
    package var hasInputMajorWeight: Bool

    package init(
        inputHeight: Int, inputWidth: Int, inputChannels: Int, outputChannels: Int, kernel: Int, stride: Int,
        hasInputMajorWeight: Bool = false
    ) {
        (self.inputHeight, self.inputWidth, self.inputChannels) = (inputHeight, inputWidth, inputChannels)
        (self.outputChannels, self.kernel, self.stride) = (outputChannels, kernel, stride)
        self.hasInputMajorWeight = hasInputMajorWeight
    }

    package var outputHeight: Int { (inputHeight + stride - 1) / stride }
    package var outputWidth: Int { (inputWidth + stride - 1) / stride }
    package var inputSize: Int { inputHeight * inputWidth * inputChannels }
    package var outputSize: Int { outputHeight * outputWidth * outputChannels }
    package var weightCount: Int { inputChannels * outputChannels * kernel * kernel }

    /// Zeros above and on the left.
    package var paddingBefore: Int { (kernel - 1) / 2 }
    /// Zeros below or on the right of a side of `size` places.
    package func paddingAfter(_ size: Int) -> Int {
        max((size + stride - 1) / stride * stride - stride + kernel - size - paddingBefore, 0)
    }
}
