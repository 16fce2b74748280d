/// What `GET /v1/runs/RUN/pictures/KIND` draws.
package enum PictureKind: String, Codable, Sendable, CaseIterable {
    /// What each unit of the layer adds to a sample: the first layer's decoder, a higher one's through all below.
    case filters
    /// Held-out samples above what the network makes of them.
    case reconstructions
    /// Test samples that the first draw's pretrained classifier gets wrong, the most confident first.
    case mistakes
}

/// Codes of samples in two dimensions: their first two principal components. `GET /v1/runs/RUN/codes`
package struct CodeMap: Codable, Hashable, Sendable {
    package struct Point: Codable, Hashable, Sendable {
        package var x: Double
        package var y: Double
        /// Its class; nil where the run has no labels.
        package var label: Int?

        package init(x: Double, y: Double, label: Int?) {
            self.x = x
            self.y = y
            self.label = label
        }
    }

    /// The stage whose code it is.
    package var stage: Int
    package var points: [Point]
    /// Shares of the codes' variance along x and y, 0 ... 1.
    package var variance: [Double]
    /// What the classes are called; nil where they are only numbers.
    package var classNames: [String]?

    package init(stage: Int, points: [Point], variance: [Double], classNames: [String]? = nil) {
        self.stage = stage
        self.points = points
        self.variance = variance
        self.classNames = classNames
    }
}

/// Test samples that a classifier gets wrong, the most confident first. `GET /v1/runs/RUN/mistakes`
package struct Mistakes: Codable, Hashable, Sendable {
    package struct Mistake: Codable, Hashable, Sendable {
        /// In the test set, from 0.
        package var sample: Int
        package var label: Int
        package var answer: Int
        /// The probability that the classifier gave its answer, 0 ... 1.
        package var confidence: Double

        package init(sample: Int, label: Int, answer: Int, confidence: Double) {
            self.sample = sample
            self.label = label
            self.answer = answer
            self.confidence = confidence
        }
    }

    /// At most as many as the picture shows, in its order: row after row.
    package var mistakes: [Mistake]
    /// How many in a row of the picture.
    package var columns: Int
    /// Whether the samples are images, so that there is a picture.
    package var hasPicture: Bool
    /// What the classes are called; nil where they are only numbers.
    package var classNames: [String]?

    package init(mistakes: [Mistake], columns: Int, hasPicture: Bool, classNames: [String]? = nil) {
        self.mistakes = mistakes
        self.columns = columns
        self.hasPicture = hasPicture
        self.classNames = classNames
    }
}
