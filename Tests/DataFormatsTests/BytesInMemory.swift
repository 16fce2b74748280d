import DataFormats

// Files of each format whose bytes are in memory.

extension IDX {
    static func samples(_ bytes: [UInt8], path: String) throws -> SampleTable {
        let source = ByteSource(bytes, path: path)
        return try header(source).samples(from: source, limit: nil)
    }

    static func labels(_ bytes: [UInt8], path: String, limit: Int? = nil) throws -> [Int32] {
        let source = ByteSource(bytes, path: path)
        return try header(source).labels(from: source, limit: limit)
    }
}

extension NPY {
    static func samples(_ bytes: [UInt8], path: String, limit: Int? = nil) throws -> SampleTable {
        let source = ByteSource(bytes, path: path)
        return try header(source).samples(from: source, limit: limit)
    }

    static func labels(_ bytes: [UInt8], path: String) throws -> [Int32] {
        let source = ByteSource(bytes, path: path)
        return try header(source).labels(from: source, limit: nil)
    }
}

extension CSV {
    static func samples(
        _ bytes: [UInt8], path: String, _ options: ReadingOptions = ReadingOptions()
    ) throws -> SampleTable {
        try rows(ByteSource(bytes, path: path), options).table()
    }

    static func labels(
        _ bytes: [UInt8], path: String, column: String? = nil, _ options: ReadingOptions = ReadingOptions()
    ) throws -> ClassLabels {
        try labels(ByteSource(bytes, path: path), column: column, options)
    }
}
