import Glibc
import PrintableText

/// The one door to samples and labels on disk. What a file is shows in its contents, not in its name: IDX, NPY, NPZ or
/// text, each gzipped or not; a folder holds PNG and JPEG images.
package enum SampleFile {
    /// - Parameter progress: is told how many images of a folder are read, and of how many.
    package static func samples(
        _ path: String, _ options: ReadingOptions = ReadingOptions(),
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws(DataError) -> SampleTable { try rows(path, options, progress: progress).table() }

    /// The same samples to be read row by row. An unpacked IDX or NPY file stays where it is; all else is decoded once, part
    /// by part, and kept in a file without a name where it is large.
    package static func rows(
        _ path: String, _ options: ReadingOptions = ReadingOptions(),
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws(DataError) -> SampleRows {
        switch try open(path, options) {
        case .csv(let source): return try CSV.rows(source, options)
        case .array(_, let header, let source):
            try refuseColumns(options.without, path)
            return source.isPlainFile && !header.isColumnMajor
                ? SampleRows(try RowFile(header, source), limit: options.limit)
                : try header.rows(from: source, limit: options.limit)
        case .images(let folder):
            try refuseColumns(options.without, path)
            return try folder.rows(options, progress: progress)
        }
    }

    /// What an array's header, the first lines of a text file or a folder's first image say of its samples.
    package static func header(
        _ path: String, _ options: ReadingOptions = ReadingOptions()
    ) throws(DataError) -> SampleHeader {
        switch try open(path, options) {
        case .array(_, let header, _):
            return SampleHeader(
                count: header.shape[0], sampleShape: Array(header.shape.dropFirst()),
                numberBytes: header.type.isByte ? 1 : 4)
        case .csv(let source): return try CSV.header(source, options)
        case .images(let folder):
            var first = options
            first.limit = 1
            let rows = try folder.rows(first) { _, _ in }
            return SampleHeader(count: folder.count, sampleShape: rows.sampleShape, numberBytes: rows.type.bytes)
        }
    }

    /// Reads a class for each sample: whole numbers or words in an IDX, NPY or text file, or a column of zeros and ones
    /// for each class.
    /// - Parameter column: of a text file with several, by name or position.
    package static func labels(
        _ path: String, column: String? = nil, _ options: ReadingOptions = ReadingOptions()
    ) throws(DataError) -> ClassLabels {
        switch try open(path, options) {
        case .csv(let source): return try CSV.labels(source, column: column, options)
        case .array(_, let header, let source):
            try refuseColumns([column].compactMap(\.self), path)
            return try header.classLabels(from: source, limit: options.limit)
        case .images:
            throw DataError(
                .unknownFormat, at: path, "this is a folder, not a file of labels",
                hint: "where its subfolders are the classes, say labels: {folders: true} (--label-folders)")
        }
    }

    /// The labels of a blob: an NPY file with one whole number from 0 a sample.
    package static func storedLabels(_ path: String) throws(DataError) -> [Int32] {
        guard case .array(_, let header, let source) = try open(path, ReadingOptions()) else {
            throw DataError(.unknownFormat, at: path, "this is not an NPY file of labels")
        }
        return try header.labels(from: source, limit: nil)
    }

    /// The classes of a folder's images: its subfolders, in the order of their names' bytes.
    package static func folderLabels(_ path: String, limit: Int? = nil) throws(DataError) -> ClassLabels {
        guard case .images(let folder) = try open(path, ReadingOptions()) else {
            throw DataError(.unknownFormat, at: path, "this is not a folder", hint: "name a folder of images")
        }
        let labels = try folder.labels(limit: limit)
        let places = Dictionary(uniqueKeysWithValues: Set(labels).sorted().enumerated().map { ($1, Int32($0)) })
        return ClassLabels(
            names: places.keys.sorted().map { folder.classes[Int($0)] }, indices: labels.compactMap { places[$0] })
    }

    // MARK: What a file is

    enum Opened {
        case array(format: String, NumberArray, ByteSource)
        case csv(ByteSource)
        case images(ImageFolder)
    }

    static func open(_ path: String, _ options: ReadingOptions) throws(DataError) -> Opened {
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
        if ZIPArchive.isZIP(start) {
            let (header, source) = try ZIPArchive(path).array(named: options.array)
            return .array(format: "NPZ", header, source)
        }
        if let known = Self.container(start) {
            throw DataError(
                .unknownFormat, at: path, "this is \(known), which cannot be read", hint: "save it as NPY, NPZ or CSV")
        }
        // Text has no control characters but tabs and ends of lines; UTF-16 is told by the reader of text.
        guard
            start.allSatisfy({ $0 >= 32 || (9...13).contains($0) }) || start.starts(with: [0xFF, 0xFE])
                || start.starts(with: [0xFE, 0xFF])
        else {
            throw DataError(
                .unknownFormat, at: path, "this is neither IDX, NPY, NPZ nor text",
                hint: "convert it to one of these, or name a folder of PNG or JPEG images")
        }
        return .csv(source)
    }

    /// What people keep tables in that is not read here, by its first bytes.
    private static func container(_ start: ArraySlice<UInt8>) -> String? {
        let known: [([UInt8], String)] = [
            (Array("PAR1".utf8), "a Parquet file"), ([0x89, 0x48, 0x44, 0x46], "an HDF5 file"),
            (Array("ARROW1".utf8), "a Feather (Arrow) file"), (Array("MATLAB".utf8), "a MATLAB file"),
            ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "an xz file"), ([0x28, 0xB5, 0x2F, 0xFD], "a Zstandard file"),
            (Array("BZh".utf8), "a bzip2 file"), (Array("RIFF".utf8), "a RIFF file"),
            ([0x80, 2], "a Python pickle"), ([0x80, 3], "a Python pickle"), ([0x80, 4, 0x95], "a Python pickle"),
            ([0x80, 5, 0x95], "a Python pickle"),
            (Array("@relation".utf8), "an ARFF file"), (Array("[[".utf8), "JSON"), (Array("{\"".utf8), "JSON"),
        ]
        return known.first { start.starts(with: $0.0) }?.1
    }

    private static func refuseColumns(_ columns: [String], _ path: String) throws(DataError) {
        guard let column = columns.first else { return }
        throw DataError(
            .unknownFormat, at: path, "this is not a text file, so it has no column '\(column.printable())'",
            hint: "labels of such a file lie in a file of their own")
    }
}
