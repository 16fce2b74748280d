/// Some samples of a data set: a blob for each field, whose rows belong together.
package struct FieldSet: Codable, Hashable, Sendable {
    /// How many samples.
    package var count: Int
    package var fields: [Field]

    package init(count: Int, fields: [Field]) {
        self.count = count
        self.fields = fields
    }

    package subscript(name: String) -> Field? { fields.first { $0.name == name } }
}

/// One field of a `FieldSet`: an NPY file with a row for each sample.
package struct Field: Codable, Hashable, Sendable {
    package enum Content: Codable, Hashable, Sendable {
        /// (count, `size`), `|u1` or `<f4`; each value is divided by `divisor` when a batch is gathered.
        case values(size: Int, divisor: Double)
        /// (count), `<i4`: classes from 0.
        case classes(count: Int)
    }

    package var name: String
    package var digest: Digest
    package var content: Content

    package init(_ name: String, _ digest: Digest, _ content: Content) {
        self.name = name
        self.digest = digest
        self.content = content
    }

    /// How many values a sample has; nil for classes.
    package var size: Int? { if case .values(let size, _) = content { size } else { nil } }
    /// How many classes there are; nil for values.
    package var classes: Int? { if case .classes(let count) = content { count } else { nil } }
}

extension SampleSet {
    /// As a field.
    package func field(_ name: String = Field.samples) -> Field {
        Field(name, digest, .values(size: size, divisor: divisor))
    }

    /// These samples alone.
    package var fields: FieldSet { FieldSet(count: count, fields: [field()]) }
}

extension Field {
    /// What samples and their classes are called in a plan.
    package static let samples = "samples"
    package static let labels = "labels"
}

/// Samples and their labels.
package struct LabeledBlobs: Codable, Hashable, Sendable {
    package var samples: SampleSet
    /// An NPY file of shape (count), `<i4`.
    package var labels: Digest

    package init(samples: SampleSet, labels: Digest) {
        self.samples = samples
        self.labels = labels
    }
}
