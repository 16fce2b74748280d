package import Pictures
import RunProtocol
import TensorCore
import Training

extension LearntStack {
    private static let mostFilters = 100

    /// What each of the highest layer's first units (at most 100) stands for, row after row: mid-grey is zero, black and
    /// white are the largest magnitude of the tile.
    ///
    /// Of the first layer it is the unit's atom: a row of the decoder's weight, what one activation adds to the output; a
    /// column of the encoder's where the decoder is tied to it; a convolution's window. Of a higher layer it is the
    /// difference that an activation of one makes to what all decoders give, compared with a code of zeros: in the middle
    /// of the picture where the unit is a convolution's channel. Samples that are no pictures are laid row after row on a
    /// tile about as high as wide.
    package func filters() throws -> PictureSheet {
        let (shape, tiles) = top == 0 ? atoms() : try differences()
        let columns = Int(Double(tiles.count).squareRoot().rounded(.up))
        var sheet = PictureSheet(shape, rows: (tiles.count + columns - 1) / columns, columns: columns)
        for (index, tile) in tiles.enumerated() { sheet.draw(tile, at: index, shade: Shade(around: tile)) }
        return sheet
    }

    private func atoms() -> (TileShape, [[Float]]) {
        let tensors = tensors(ofLayer: 0)
        let (weight, values) = decoders[0].constraint == .tied ? tensors[0] : tensors[2]
        guard let window = network.layers[0].window else {
            let count = network.samplesAtOnce(atMost: min(Self.mostFilters, network.layers[0].units))
            return (sampleTile, (0..<count).map { atom($0, of: weight, values) })
        }
        // (units, channels, kernel, kernel)
        let (channels, kernel) = (weight.shape[1], window.kernel)
        let tiles = (0..<min(Self.mostFilters, weight.shape[0])).map { unit in
            let start = values.startIndex + unit * weight.rowLength
            return (0..<kernel * kernel * channels).map { place in
                values[start + place % channels * kernel * kernel + place / channels]
            }
        }
        return (TileShape(ImageShape(height: kernel, width: kernel, channels: channels)), tiles)
    }

    /// - Parameter weight: (inputs, units) of an encoder, (units, inputs) of a decoder.
    private func atom(_ unit: Int, of weight: ParameterSpec, _ values: ArraySlice<Float>) -> [Float] {
        guard decoders[0].constraint == .tied
        else { return Array(values.dropFirst(unit * weight.rowLength).prefix(weight.rowLength)) }
        return (0..<weight.shape[0]).map { values[values.startIndex + $0 * weight.shape[1] + unit] }
    }

    private func differences() throws -> (TileShape, [[Float]]) {
        Engine.useOneThread()
        let (units, size, inputs) = (network.layers[top].units, network.codeSize(ofLayer: top), network.inputSize)
        let count = network.samplesAtOnce(atMost: min(Self.mostFilters, units))
        var codes = [Float](repeating: 0, count: (count + 1) * size)
        for unit in 0..<count { codes[(unit + 1) * size + middle * units + unit] = 1 }
        let decoded = try decode(codes)
        let tiles = (1...count).map { row in (0..<inputs).map { decoded[row * inputs + $0] - decoded[$0] } }
        return (sampleTile, tiles)
    }

    /// The place in the middle of the highest layer's code; 0 of a dense layer's, which has only one.
    private var middle: Int {
        guard let window = network.layers[top].window, let image = network.image(ofLayer: top) else { return 0 }
        let code = window.output(of: image, channels: 1)
        return code.height / 2 * code.width + code.width / 2
    }
}
