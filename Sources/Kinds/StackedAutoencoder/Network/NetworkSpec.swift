package import RunProtocol

/// The encoder that is pretrained: the size of a sample and the layers above it. Layers count from 0.
package struct NetworkSpec: Codable, Hashable, Sendable {
    package var inputSize: Int
    /// How a sample's numbers lie where it is a picture; convolutions need it.
    package var image: ImageShape?
    package var layers: [LayerSpec]

    package init(inputSize: Int, image: ImageShape? = nil, layers: [LayerSpec]) {
        (self.inputSize, self.image, self.layers) = (inputSize, image, layers)
    }

    /// How many numbers go into layer `layer`.
    package func inputSize(ofLayer layer: Int) -> Int {
        guard layer > 0 else { return inputSize }
        return image(ofLayer: layer)?.count ?? layers[layer - 1].units
    }

    /// The picture that goes into layer `layer`; nil where its input is only a list of numbers.
    package func image(ofLayer layer: Int) -> ImageShape? {
        layers[..<layer].reduce(image) { below, layer in
            guard let below, let window = layer.window else { return nil }
            return window.pooled(window.output(of: below, channels: layer.units))
        }
    }

    /// How many numbers layer `layer` gives before they are pooled.
    package func codeSize(ofLayer layer: Int) -> Int {
        let units = layers[layer].units
        guard let window = layers[layer].window, let image = image(ofLayer: layer) else { return units }
        return window.output(of: image, channels: units).count
    }

    /// How many numbers the whole encoder gives.
    package var codeSize: Int { inputSize(ofLayer: layers.count) }

    /// Whether it comes from a checked plan, or at least no size computed from it can overflow.
    package var isWithinLimits: Bool {
        let sides = image.map { [$0.height, $0.width, $0.channels] } ?? []
        guard (1...Limits.sampleSize).contains(inputSize), (1...Limits.layers).contains(layers.count),
            sides.allSatisfy({ (1...Limits.imageSide).contains($0) }),
            layers.allSatisfy({ (1...Limits.units).contains($0.units) && $0.window?.isWithinLimits != false })
        else { return false }
        return problem == nil && layers.indices.allSatisfy { inputSize(ofLayer: $0) <= Limits.sampleSize }
    }

    /// What keeps these layers from standing one above the other; nil where nothing does.
    package var problem: String? {
        if let image, image.count != inputSize { return "samples of \(inputSize) numbers are no pictures of \(image)" }
        for (index, layer) in layers.enumerated() where layer.window != nil && image(ofLayer: index) == nil {
            return index == 0
                ? "layer 1 is a convolution, but the samples are no pictures"
                : "layer \(index + 1) is a convolution, but what lies below gives no pictures"
        }
        return nil
    }
}

/// One layer of the encoder.
package struct LayerSpec: Codable, Hashable, Sendable {
    /// How many numbers a dense layer's code has; how many channels a convolution's.
    package var units: Int
    package var activation: Activation
    /// Nil for a dense layer.
    package var window: ConvolutionWindow?

    package init(units: Int, activation: Activation, window: ConvolutionWindow? = nil) {
        (self.units, self.activation, self.window) = (units, activation, window)
    }
}

/// How a convolution goes over a picture. Its border is zeros, so that with stride 1 the picture keeps its size.
package struct ConvolutionWindow: Codable, Hashable, Sendable {
    package enum Decoder: String, Codable, Sendable, CaseIterable {
        /// The transposed convolution with the encoder's window.
        case transposed
        /// Each place is repeated `stride` times both ways, then a convolution with stride 1.
        case upsampling
    }

    /// Height and width of the window.
    package var kernel: Int
    package var stride: Int
    /// The next layer sees the largest of each `pooling` x `pooling` places; 1 for all of them. The layer's own
    /// autoencoder is trained on the code before it is pooled.
    package var pooling: Int
    package var decoder: Decoder

    package init(kernel: Int, stride: Int = 1, pooling: Int = 1, decoder: Decoder = .transposed) {
        (self.kernel, self.stride, self.pooling, self.decoder) = (kernel, stride, pooling, decoder)
    }

    fileprivate var isWithinLimits: Bool {
        (1...Limits.kernel).contains(kernel) && (1...Limits.stride).contains(stride)
            && (1...Limits.pooling).contains(pooling)
    }

    package func output(of image: ImageShape, channels: Int) -> ImageShape {
        image.divided(by: stride, channels: channels)
    }

    package func pooled(_ image: ImageShape) -> ImageShape {
        image.divided(by: pooling, channels: image.channels)
    }
}

extension ImageShape {
    /// What is left when one of `step` places is taken both ways, the last even where it is not whole.
    fileprivate func divided(by step: Int, channels: Int) -> ImageShape {
        ImageShape(height: (height + step - 1) / step, width: (width + step - 1) / step, channels: channels)
    }
}

/// How one layer's decoder goes with its encoder.
package struct DecoderSpec: Codable, Hashable, Sendable {
    /// Where `tied`, the weight is the encoder's, transposed.
    package var constraint: DecoderConstraint
    /// What the decoder ends with.
    package var activation: Activation

    package init(constraint: DecoderConstraint, activation: Activation) {
        (self.constraint, self.activation) = (constraint, activation)
    }
}

/// What keeps a network from escaping the L1 penalty by shrinking its codes.
package enum DecoderConstraint: String, Codable, Sendable, CaseIterable {
    /// Each code unit's decoder weights are kept at Euclidean length one.
    case unitNorm = "unit_norm"
    /// The decoder's weight is the encoder's, transposed.
    case tied
    case free
}
