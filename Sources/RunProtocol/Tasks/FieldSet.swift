/// Some samples of a data set: a blob for each field, whose rows belong together.
package struct FieldSet: Codable, Hashable, Sendable {
    /// How many samples.
    package var count: Int
    package var fields: [Field]

    package init(count: Int, fields: [Field]) { (self.count, self.fields) = (count, fields) }

    package subscript(name: String) -> Field? { fields.first { $0.name == name } }
}

/// One field of a `FieldSet`: an NPY file with a row for each sample, whose header says how an element is stored.
///
/// A dimension that varies from sample to sample is not among `shape`: such a field will have the samples' rows one after the
/// other, and their lengths will be a field of classes' kind beside it. No operation reads one yet.
package struct Field: Codable, Hashable, Sendable {
    package enum Content: Codable, Hashable, Sendable {
        /// (count, the product of `shape`), `|u1` or `<f4`: raw values of samples of this shape.
        case values(shape: [Int], preprocessing: Preprocessing)
        /// (count), `<i4`: classes from 0.
        case classes(count: Int)

        /// A row of numbers, divided.
        package static func values(size: Int, divisor: Double) -> Content {
            .values(shape: [size], preprocessing: .scale(divisor: divisor))
        }
    }

    package var name: String
    package var digest: Digest
    package var content: Content

    package init(_ name: String, _ digest: Digest, _ content: Content) {
        (self.name, self.digest, self.content) = (name, digest, content)
    }

    /// How many values a sample has; nil for classes.
    package var size: Int? { if case .values(let shape, _) = content { shape.reduce(1, *) } else { nil } }
    /// How many classes there are; nil for values.
    package var classes: Int? { if case .classes(let count) = content { count } else { nil } }
}

/// What makes a network's numbers of a field's raw values. It is done when a batch is gathered, and exported with the model.
package enum Preprocessing: Codable, Hashable, Sendable {
    /// Each value is divided by `divisor`, 1e-9 to 1e9.
    case scale(divisor: Double)

    package var divisor: Double {
        switch self {
        case .scale(let divisor): divisor
        }
    }
    package var isPossible: Bool { (1e-9...1e9).contains(divisor) }
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

    package init(samples: SampleSet, labels: Digest) { (self.samples, self.labels) = (samples, labels) }
}
