/// Something of what a run has learnt that can be looked at.
package struct ViewDescription: Codable, Hashable, Sendable {
    package enum Form: String, Codable, Sendable {
        /// A PNG: `GET /v1/runs/RUN/pictures/NAME`.
        case picture
        /// A `CodeMap`: `GET /v1/runs/RUN/codes`.
        case map
        /// `Mistakes`: `GET /v1/runs/RUN/mistakes`, and a PNG as of a picture.
        case mistakes
    }

    package var name: String
    package var form: Form
    package var title: String
    /// What it shows, a sentence.
    package var text: String
    /// The stages that it can show, from 0; empty where it shows only one.
    package var stages: [Int]
    /// Whether it is drawn from samples, which are deleted where a run comes to nothing.
    package var needsSamples: Bool

    package init(
        _ name: String, _ form: Form, title: String, text: String, stages: [Int] = [], needsSamples: Bool = true
    ) {
        (self.name, self.form, self.title, self.text) = (name, form, title, text)
        (self.stages, self.needsSamples) = (stages, needsSamples)
    }
}

/// What has been drawn.
package enum Drawing: Hashable, Sendable {
    case picture([UInt8])
    case map(CodeMap)
    /// With the PNG where there is one.
    case mistakes(Mistakes, [UInt8]?)
}

/// What a run has come to so far, for those who draw it.
package struct RunResults: Sendable {
    package var id: RunID
    package var plan: Plan
    package var manifest: DataManifest
    package var compiled: CompiledRun
    /// The weights of each stage that has ended with some, and those of the stage in progress once a round has closed.
    package var weights: [Int: Digest]
    /// The blobs of the results that each ended stage has collected.
    package var results: [Int: [Digest]]
    package var exports: [ExportDescription]
    /// Whether it has ended, and whether with a result: of a run that came to nothing only weights are left.
    package var isFinal: Bool
    package var isFinished: Bool
    /// Puts weights together, flat; of a stage in progress its newest.
    package var read: @Sendable (BlobRecipe) throws -> [Float]
    /// Reads a blob of weights, flat, in the order of its parameters.
    package var readBlob: @Sendable (Digest, [ParameterSpec]) throws -> [Float]
    /// Where a blob lies.
    package var path: @Sendable (Digest) -> String

    package init(
        id: RunID, plan: Plan, manifest: DataManifest, compiled: CompiledRun, weights: [Int: Digest],
        results: [Int: [Digest]], exports: [ExportDescription], isFinal: Bool, isFinished: Bool,
        read: @escaping @Sendable (BlobRecipe) throws -> [Float],
        readBlob: @escaping @Sendable (Digest, [ParameterSpec]) throws -> [Float],
        path: @escaping @Sendable (Digest) -> String
    ) {
        (self.id, self.plan, self.manifest, self.compiled) = (id, plan, manifest, compiled)
        (self.weights, self.results, self.exports) = (weights, results, exports)
        (self.isFinal, self.isFinished) = (isFinal, isFinished)
        (self.read, self.readBlob, self.path) = (read, readBlob, path)
    }
}

/// Codes of samples in two dimensions: their first two principal components. `GET /v1/runs/RUN/codes`
package struct CodeMap: Codable, Hashable, Sendable {
    package struct Point: Codable, Hashable, Sendable {
        package var x: Double
        package var y: Double
        /// Its class; nil where the run has no labels.
        package var label: Int?

        package init(x: Double, y: Double, label: Int?) { (self.x, self.y, self.label) = (x, y, label) }
    }

    /// The stage whose code it is.
    package var stage: Int
    package var points: [Point]
    /// Shares of the codes' variance along x and y, 0 ... 1.
    package var variance: [Double]
    /// What the classes are called; nil where they are only numbers.
    package var classNames: [String]?

    package init(stage: Int, points: [Point], variance: [Double], classNames: [String]? = nil) {
        (self.stage, self.points, self.variance, self.classNames) = (stage, points, variance, classNames)
    }
}

/// Test samples whose predicted class is wrong, the most confident first. `GET /v1/runs/RUN/mistakes`
package struct Mistakes: Codable, Hashable, Sendable {
    package struct Mistake: Codable, Hashable, Sendable {
        /// In the test set, from 0.
        package var sample: Int
        package var label: Int
        package var answer: Int
        /// The probability of the predicted class, 0 ... 1.
        package var confidence: Double

        package init(sample: Int, label: Int, answer: Int, confidence: Double) {
            (self.sample, self.label, self.answer, self.confidence) = (sample, label, answer, confidence)
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
        (self.mistakes, self.columns, self.hasPicture, self.classNames) = (mistakes, columns, hasPicture, classNames)
    }
}
