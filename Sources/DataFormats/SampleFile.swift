import Glibc
import PrintableText

/// The one door to samples and labels on disk. What a file is shows in its contents, not in its name: IDX, NPY or CSV,
/// each gzipped or not; a folder holds PNG and JPEG pictures.
package enum SampleFile {
    /// - Parameters:
    ///   - limit: only the first samples; what follows them is not unpacked.
    ///   - column: a column of a CSV that belongs to no sample, by its header's name: the labels.
    ///   - progress: is told how many pictures of a folder are read, and of how many.
    package static func samples(
        _ path: String, limit: Int? = nil, leavingOut column: String? = nil,
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws(DataError) -> SampleTable {
        switch (try open(path), column) {
        case (.csv(let source), _): return try CSV.samples(source, limit: limit, leavingOut: column)
        case (_, let column?): throw notCSV(path, column)
        case (.array(_, let header, let source), nil): return try header.samples(from: source, limit: limit)
        case (.images(let folder), nil): return try folder.samples(limit: limit, progress: progress)
        }
    }

    /// The same samples to be read row by row. An unpacked IDX or NPY file stays where it is; all else is read into memory.
    package static func rows(
        _ path: String, limit: Int? = nil, leavingOut column: String? = nil
    ) throws(DataError) -> SampleRows {
        guard case .array(_, let header, let source) = try open(path), !source.isPacked, column == nil else {
            return SampleRows(try samples(path, limit: limit, leavingOut: column))
        }
        return SampleRows(try RowFile(header, source), limit: limit)
    }

    /// How many samples an IDX or NPY file has, one's shape, and how many bytes a number takes once it is cut: from the
    /// file's header alone. Nil for others, which would have to be read.
    package static func header(
        _ path: String
    ) throws(DataError) -> (count: Int, sampleShape: [Int], numberBytes: Int)? {
        guard case .array(_, let header, _) = try open(path) else { return nil }
        return (header.shape[0], Array(header.shape.dropFirst()), header.type == .uint8 ? 1 : 4)
    }

    /// Reads a file with one whole number from 0 a sample: IDX, NPY, or a CSV with one column.
    package static func labels(_ path: String) throws(DataError) -> [Int32] {
        switch try open(path) {
        case .array(_, let header, let source): return try header.labels(from: source, limit: nil)
        case .csv(let source): return try CSV.labels(source, column: nil, limit: nil)
        case .images:
            throw DataError(
                .unknownFormat, at: path, "this is a folder, not a file of labels",
                hint: "say that its subfolders are the classes")
        }
    }

    /// Reads the column called `column` of a CSV.
    package static func labels(
        column: String, ofCSV path: String
    ) throws(DataError) -> [Int32] {
        guard case .csv(let source) = try open(path) else { throw notCSV(path, column) }
        return try CSV.labels(source, column: column, limit: nil)
    }

    /// The classes of a folder's pictures: its subfolders, counted from 0 in the order of their names.
    package static func folderLabels(_ path: String) throws(DataError) -> [Int32] {
        guard case .images(let folder) = try open(path) else {
            throw DataError(.unknownFormat, at: path, "this is not a folder", hint: "name a folder of pictures")
        }
        return try folder.labels()
    }

    // MARK: What a file is

    enum Opened {
        case array(format: String, NumberArray, ByteSource)
        case csv(ByteSource)
        case images(ImageFolder)
    }

    static func open(_ path: String) throws(DataError) -> Opened {
        var information = stat()
        if stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFDIR {
            return .images(try ImageFolder(path))
        }
        let source = try ByteSource(opening: path)
        let start = try source.peek(1 << 12)
        if IDX.isIDX(start) { return .array(format: "IDX", try IDX.header(source), source) }
        if NPY.isNPY(start) { return .array(format: "NPY", try NPY.header(source), source) }
        guard !PNG.isPNG(start), !JPEG.isJPEG(start) else {
            throw DataError(.unknownFormat, at: path, "this is one picture", hint: "name the folder that it lies in")
        }
        // Text has no control characters but tabs and ends of lines.
        guard start.allSatisfy({ $0 >= 32 || (9...13).contains($0) }) else {
            throw DataError(
                .unknownFormat, at: path, "this is neither IDX, NPY nor CSV",
                hint: "convert it to one of these, or name a folder of PNG or JPEG pictures")
        }
        return .csv(source)
    }

    private static func notCSV(_ path: String, _ column: String) -> DataError {
        DataError(
            .unknownFormat, at: path, "this is not a CSV, so it has no column '\(column.printable())'",
            hint: "name the file of labels instead")
    }
}
