/// What a node computes.
///
/// `corrupt` and `shift` act while training alone, and `sparsify` where a decoder is behind it; all others always do. A new
/// operation needs a case here, its shape in `Graph+Shapes.swift`, and a kernel in `Training/Graph`.
package enum Operation: Codable, Hashable, Sendable {
    /// activation(the sum over its inputs x of x · weight, + bias). The bias is the same at each position of an image.
    case linear(LinearOperation, activation: Activation)
    /// Of an image's values the largest of each `window` x `window` positions, channel by channel.
    case maxPool(window: Int)
    /// Each position repeated `factor` times both ways, cut off at `height` x `width`.
    case upsample(factor: Int, height: Int, width: Int)
    /// The inputs' channels beside each other.
    case concatenate
    /// Applied to each value.
    case activate(Activation)
    /// Random numbers come from this stream of the task's seed.
    case corrupt(Corruption, stream: UInt64)
    /// Each image is moved by up to `most` positions up or down and left or right. Step s draws from stream `stream` + s.
    case shift(most: Int, stream: UInt64)
    case sparsify(Sparsity)
}

/// What a linear node multiplies its inputs by.
package enum LinearOperation: Codable, Hashable, Sendable {
    /// A matrix of (inputs, outputs), or where `isTransposed` of (outputs, inputs). `shape` is the output's.
    case dense(shape: [Int], isTransposed: Bool)
    /// (height, width, channels) to (⌈height / stride⌉, ⌈width / stride⌉, `channels`), padded with zeros. The weight is
    /// (output channels, input channels, kernel, kernel).
    case convolution(channels: Int, kernel: Int, stride: Int)
    /// The transpose of a convolution that reads images of `image`. The weight is that of the convolution.
    case transposedConvolution(image: ImageShape, kernel: Int, stride: Int)
    /// Each position repeated `factor` times both ways, then a convolution with stride 1 to images of `image`. The weight is
    /// (input channels, output channels, kernel, kernel).
    case upsampledConvolution(image: ImageShape, kernel: Int, factor: Int)
}

extension Operation {
    /// Whether it is the identity except while training, so that it can go before all that is computed of a batch.
    package var isRandom: Bool {
        switch self {
        case .corrupt, .shift: true
        default: false
        }
    }

    /// Whether its result may lie where its input lay.
    package var canBeInPlace: Bool {
        switch self {
        case .corrupt, .shift, .sparsify: true
        default: false
        }
    }
}

/// What is applied to a layer's sums.
package enum Activation: String, Codable, Sendable, CaseIterable { case relu, sigmoid, tanh, linear }
