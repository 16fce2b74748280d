/// What a file of samples or labels has in it.
package struct SampleDescription: Codable, Hashable, Sendable {
    /// How many samples have a label.
    package struct ClassCount: Codable, Hashable, Sendable {
        package var name: String
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
    /// Where each sample is one label, or a column or subfolders hold the labels.
    package var classes: [ClassCount]?
    /// What was guessed while it was read, a sentence each.
    package var remarks: [String]?
}

extension SampleFile {
    /// Reads all of a file or folder and says what is there.
    /// - Parameters:
    ///   - column: the column of a text file that has the labels, by name or position.
    ///   - progress: is told how many images of a folder are read, and of how many.
    package static func describe(
        _ path: String, labelColumn column: String? = nil, _ options: ReadingOptions = ReadingOptions(),
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws(DataError) -> SampleDescription {
        var sampleOptions = options
        if let column { sampleOptions.without.append(column) }
        let table: SampleRows
        do {
            table = try rows(path, sampleOptions, progress: progress)
        } catch  where error.code == .malformedRow && options.without.isEmpty && column == nil {
            // A file of labels may hold words.
            guard let labels = try? labels(path, options), labels.names.count < labels.indices.count else {
                throw error
            }
            return try describe(labels, of: path, options)
        }
        let (minimum, maximum, mean) = try range(of: table)
        var description = SampleDescription(
            path: path, format: "", isGzipped: false, bytesOnDisk: 0, samples: table.count,
            sampleShape: table.sampleShape, elementType: table.elementType, minimum: minimum, maximum: maximum,
            mean: mean, columns: table.columns, remarks: table.remarks.isEmpty ? nil : table.remarks)
        if table.count > 1, minimum == maximum {
            description.remarks =
                table.remarks + ["every number of its samples is \(minimum): nothing can be learnt from them"]
        }
        try describeFile(path, options, &description)
        if let column {
            description.classes = counts(try labels(path, column: column, options))
        } else if table.size == 1, description.classes == nil, let labels = try? labels(path, options) {
            description.classes = counts(labels)
        }
        return description
    }

    private static func describe(
        _ labels: ClassLabels, of path: String, _ options: ReadingOptions
    ) throws(DataError) -> SampleDescription {
        var description = SampleDescription(
            path: path, format: "", isGzipped: false, bytesOnDisk: 0, samples: labels.indices.count, sampleShape: [],
            elementType: "text", minimum: 0, maximum: Float(labels.names.count - 1), mean: 0,
            classes: counts(labels))
        try describeFile(path, options, &description)
        return description
    }

    private static func describeFile(
        _ path: String, _ options: ReadingOptions, _ description: inout SampleDescription
    ) throws(DataError) {
        switch try open(path, options) {
        case .array(let format, _, let source):
            description.format = format
            (description.isGzipped, description.bytesOnDisk) = (source.isPacked && format != "NPZ", source.bytesOnDisk)
        case .csv(let source):
            description.format = "CSV"
            (description.isGzipped, description.bytesOnDisk) = (source.isPacked, source.bytesOnDisk)
        case .images(let folder):
            description.format = "images"
            description.bytesOnDisk = try folder.bytesOnDisk()
            if !folder.classes.isEmpty { description.classes = counts(try folderLabels(path)) }
        }
    }

    private static func range(
        of rows: SampleRows
    ) throws(DataError) -> (minimum: Float, maximum: Float, mean: Double) {
        var (lowest, highest, sum) = (Float.infinity, -Float.infinity, 0.0)
        do {
            try rows.forEachPart { bytes in
                switch rows.type {
                case .uint8:
                    lowest = min(lowest, Float(bytes.min() ?? 0))
                    highest = max(highest, Float(bytes.max() ?? 0))
                    sum += Double(bytes.reduce(0) { $0 + Int($1) })
                case .float32:
                    let values = bytes.bindMemory(to: Float.self)
                    lowest = min(lowest, values.min() ?? 0)
                    highest = max(highest, values.max() ?? 0)
                    sum = values.reduce(sum) { $0 + Double($1) }
                }
            }
        } catch let error as DataError { throw error } catch {
            throw DataError(.unreadable, at: "", "\(error)")
        }
        return (lowest, highest, sum / Double(max(1, rows.count * rows.size)))
    }

    private static func counts(_ labels: ClassLabels) -> [SampleDescription.ClassCount] {
        zip(labels.names, labels.counts).map { .init(name: $0, count: $1) }
    }
}
