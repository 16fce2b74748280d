/// A plain sentence about a plan, its data or what came of them that cannot be meant so, or that its reader should know.
package struct Remark: Codable, Hashable, Sendable {
    package enum Kind: String, Codable, Sendable, CaseIterable {
        /// Some shards are never trained on.
        case unreadShards
        /// A round reads the same shard more than once.
        case repeatedShards
        /// How the data were read.
        case data
        /// Features that are the same in every unlabeled sample.
        case constantFeatures
        /// Features whose standard deviations differ by orders of magnitude.
        case featureScales
        /// A stage has so few optimizer steps that little can be learnt.
        case fewSteps
        /// The held-out error is at least that of predicting each feature's mean.
        case worseThanMean
        /// The held-out error is hardly below that of predicting each feature's mean.
        case hardlyBetterThanMean
        /// Most units of a code are never active.
        case deadUnits
        /// The held-out error has hardly fallen for many rounds.
        case plateau
        /// The training loss of classes is near that of guessing.
        case lossNearChance
        /// Test samples of some classes are missing.
        case missingClasses
        /// The test error is at least that of always predicting the most frequent class.
        case mostFrequentClass
        /// From random weights the test error is lower.
        case scratchIsBetter
    }

    package var kind: Kind
    package var text: String
    /// The stage that it is about, from 0, where it is about one.
    package var stage: Int?

    package init(_ kind: Kind, _ text: String, stage: Int? = nil) {
        (self.kind, self.text, self.stage) = (kind, text, stage)
    }
}

extension Int {
    /// `1 round`, `2 rounds`.
    package func counted(_ noun: String) -> String { "\(self) \(noun)\(self == 1 ? "" : "s")" }
}
