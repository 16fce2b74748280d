/// What is applied to a layer's sums.
package enum Activation: String, Codable, Sendable, CaseIterable {
    case relu, sigmoid, tanh, linear
}

/// One layer of the encoder.
package struct LayerSpec: Codable, Hashable, Sendable {
    package enum Kind: String, Codable, Sendable, CaseIterable {
        case dense
    }

    package var kind: Kind
    /// How many numbers the layer's code has.
    package var units: Int
    package var activation: Activation

    package init(kind: Kind = .dense, units: Int, activation: Activation) {
        self.kind = kind
        self.units = units
        self.activation = activation
    }
}

/// The encoder that is pretrained: the size of a sample and the layers above it. Layers count from 0.
package struct NetworkSpec: Codable, Hashable, Sendable {
    package var inputSize: Int
    package var layers: [LayerSpec]

    package init(inputSize: Int, layers: [LayerSpec]) {
        self.inputSize = inputSize
        self.layers = layers
    }

    /// How many numbers go into layer `layer`.
    package func inputSize(ofLayer layer: Int) -> Int {
        layer == 0 ? inputSize : layers[layer - 1].units
    }

    /// How many numbers the whole encoder gives.
    package var codeSize: Int { layers.last?.units ?? inputSize }
}
