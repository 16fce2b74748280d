package import Pictures
package import RunProtocol
import TensorCore
import Training

/// Samples that a classifier gets wrong, the most confident first, and a picture of them.
package struct ClassifierMistakes: Sendable {
    package let mistakes: Mistakes
    /// Nil where there are no mistakes, or the samples are no pictures.
    package let sheet: PictureSheet?

    /// So many samples are looked at, where there are as many.
    package static let testedSamples = 10_000
    private static let most = 24
    private static let columns = 8

    /// - Parameters:
    ///   - weights: `classifierParameters`, flat.
    ///   - labels: one for each of `samples`, in 0 ..< classes.
    package init(
        network: NetworkSpec, classes: Int, weights: [Float], samples: PickedSamples, labels: [Int32]
    ) throws {
        Engine.useOneThread()
        let answers = try TaskFunctions.predictions(
            of: network.classifierGraph(classes: classes), weights: weights, samples: samples.samples,
            batchSize: network.samplesAtOnce(atMost: 256))
        let wrong = answers.indices.filter { answers[$0].label != labels[$0] && answers[$0].confidence.isFinite }
        let shown = wrong.sorted { (answers[$1].confidence, $0) < (answers[$0].confidence, $1) }.prefix(Self.most)
        let isDrawn = network.image != nil && !shown.isEmpty
        mistakes = Mistakes(
            mistakes: shown.map { index in
                Mistakes.Mistake(
                    sample: Int(samples.places[index]), label: Int(labels[index]), answer: Int(answers[index].label),
                    confidence: Double(answers[index].confidence))
            }, columns: Self.columns, hasPicture: isDrawn)
        sheet = isDrawn ? Self.draw(shown.map { samples.sample($0) }, network) : nil
    }

    private static func draw(_ tiles: [[Float]], _ network: NetworkSpec) -> PictureSheet {
        var sheet = PictureSheet(
            TileShape(image: network.image, count: network.inputSize), rows: (tiles.count + columns - 1) / columns,
            columns: columns)
        for (index, tile) in tiles.enumerated() { sheet.draw(tile, at: index, shade: Shade(of: tile)) }
        return sheet
    }
}
