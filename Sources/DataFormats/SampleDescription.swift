/// What a file of samples or labels has in it.
package struct SampleDescription: Codable, Hashable, Sendable {
    /// How many samples have a label.
    package struct ClassCount: Codable, Hashable, Sendable {
        package var label: Int32
        /// The subfolder's, where the classes are subfolders.
        package var name: String?
        package var count: Int
    }

    package var path: String
    /// Such as `IDX` or `images`.
    package var format: String
    package var isGzipped: Bool
    /// The file's, or all of the pictures'.
    package var bytesOnDisk: Int
    package var samples: Int
    /// One sample's, such as [28, 28].
    package var sampleShape: [Int]
    /// How the numbers are stored, such as `uint8`; `text` in a CSV.
    package var elementType: String
    package var minimum: Float
    package var maximum: Float
    package var mean: Double
    /// A CSV's header.
    package var columns: [String]?
    /// Where the numbers look like labels: one whole number from 0 a sample, with no more than `mostClasses` of them.
    package var classes: [ClassCount]?

    package static let mostClasses = 10_000
}

extension SampleFile {
    /// Reads all of a file or folder and says what is there.
    ///
    /// - Parameters:
    ///   - column: the column of a CSV that has the labels.
    ///   - progress: is told how many pictures of a folder are read, and of how many.
    package static func describe(
        _ path: String, labelColumn column: String? = nil,
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws(DataError) -> SampleDescription {
        let table = try samples(path, leavingOut: column, progress: progress)
        let (minimum, maximum, mean) = range(of: table.numbers)
        var description = SampleDescription(
            path: path, format: "", isGzipped: false, bytesOnDisk: 0, samples: table.count,
            sampleShape: table.sampleShape, elementType: "", minimum: minimum, maximum: maximum, mean: mean)
        switch try open(path) {
        case .array(let format, let header, let source):
            (description.format, description.elementType) = (format, header.type.rawValue)
            (description.isGzipped, description.bytesOnDisk) = (source.isPacked, source.bytesOnDisk)
        case .csv(let source):
            (description.format, description.elementType) = ("CSV", "text")
            (description.isGzipped, description.bytesOnDisk) = (source.isPacked, source.bytesOnDisk)
            let names = try CSV.columnNames(source)
            description.columns = names.isEmpty ? nil : names
        case .images(let folder):
            (description.format, description.elementType) = ("images", "uint8")
            description.bytesOnDisk = try folder.bytesOnDisk()
            if !folder.classes.isEmpty { description.classes = count(try folder.labels(), names: folder.classes) }
        }
        if let column {
            description.classes = count(try labels(column: column, ofCSV: path))
        } else if table.size == 1, description.classes == nil, let labels = try? labels(path) {
            description.classes = count(labels)
        }
        return description
    }

    private static func range(of numbers: SampleTable.Numbers) -> (minimum: Float, maximum: Float, mean: Double) {
        switch numbers {
        case .uint8(let values):
            let sum = values.reduce(0) { $0 + Int($1) }
            return (
                Float(values.min() ?? 0), Float(values.max() ?? 0), Double(sum) / Double(max(1, values.count))
            )
        case .float32(let values):
            let sum = values.reduce(0.0) { $0 + Double($1) }
            return (values.min() ?? 0, values.max() ?? 0, sum / Double(max(1, values.count)))
        }
    }

    /// - Returns: nil whenever there are too many different labels for classes.
    private static func count(_ labels: [Int32], names: [String] = []) -> [SampleDescription.ClassCount]? {
        var counts: [Int32: Int] = [:]
        for label in labels {
            counts[label, default: 0] += 1
            guard counts.count <= SampleDescription.mostClasses else { return nil }
        }
        return counts.sorted { $0.key < $1.key }.map { label, count in
            .init(label: label, name: names.isEmpty ? nil : names[Int(label)], count: count)
        }
    }
}
