/// Features of the unlabeled samples that stand out: constant ones, and those with the smallest and the largest standard
/// deviation.
package struct FeatureSurvey: Codable, Hashable, Sendable {
    /// How many features are the same in every sample, and the first of them, by their indices from 0.
    package var constantCount: Int
    package var constant: [Int]
    /// Of those that are not constant.
    package var narrowest: Spread?
    package var widest: Spread?

    /// The standard deviation of a feature over all samples, divided as the samples are.
    package struct Spread: Codable, Hashable, Sendable {
        package var feature: Int
        package var deviation: Double

        package init(feature: Int, deviation: Double) {
            self.feature = feature
            self.deviation = deviation
        }
    }

    /// How many constant features are named.
    private static let examples = 3

    /// - Parameter deviations: of each feature.
    package init(deviations: [Double]) {
        let constant = deviations.indices.filter { deviations[$0] == 0 }
        constantCount = constant.count
        self.constant = Array(constant.prefix(Self.examples))
        let varying = deviations.indices.filter { deviations[$0] > 0 }
        narrowest = varying.min { deviations[$0] < deviations[$1] }
            .map { Spread(feature: $0, deviation: deviations[$0]) }
        widest = varying.max { deviations[$0] < deviations[$1] }
            .map { Spread(feature: $0, deviation: deviations[$0]) }
    }

    /// The largest standard deviation as a multiple of the smallest; nil where fewer than two features vary.
    package var ratio: Double? {
        guard let narrowest, let widest, narrowest.feature != widest.feature else { return nil }
        return widest.deviation / narrowest.deviation
    }
}
