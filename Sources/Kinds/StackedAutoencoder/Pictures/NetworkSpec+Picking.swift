import RunProtocol

extension NetworkSpec {
    /// So many numbers may be in memory at once for the samples of a picture.
    private static let mostNumbers = 1 << 24
    /// So many products may be computed for one.
    private static let mostProducts = 1 << 35

    /// How many samples, at least one, can go through the network and back at once.
    package func samplesAtOnce(atMost most: Int) -> Int {
        let numbers = layers.indices.reduce(inputSize) { $0 + inputSize(ofLayer: $1) + codeSize(ofLayer: $1) }
        return max(1, min(most, Self.mostNumbers / (2 * numbers)))
    }

    /// How many samples, at least one, can be classified for a picture, a batch at a time.
    package func samplesToClassify(atMost most: Int) -> Int {
        let products = layers.indices.reduce(1) { sum, layer in
            sum + encoderParameters(layer: layer)[0].count * (codeSize(ofLayer: layer) / layers[layer].units)
        }
        return max(1, min(most, Self.mostNumbers / inputSize, Self.mostProducts / products))
    }
}
