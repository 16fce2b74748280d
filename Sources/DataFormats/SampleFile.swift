/// The one door to samples and labels on disk: what a file is shows in its contents, not in its name.
package enum SampleFile {
    /// Reads samples from IDX or NPY, gzipped or not.
    ///
    /// - Parameters:
    ///   - limit: only the first samples; what follows them is not unpacked.
    ///   - column: a column of a CSV that belongs to no sample, by its header's name: the labels.
    package static func samples(
        _ path: String, limit: Int? = nil, leavingOut column: String? = nil
    ) throws(DataError) -> SampleTable {
        let source = try ByteSource(opening: path)
        return try array(source).samples(from: source, limit: limit)
    }

    /// Reads a file with one whole number from 0 a sample.
    package static func labels(_ path: String, limit: Int? = nil) throws(DataError) -> [Int32] {
        let source = try ByteSource(opening: path)
        return try array(source).labels(from: source, limit: limit)
    }

    private static func array(_ source: ByteSource) throws(DataError) -> NumberArray {
        let start = try source.peek(8)
        if IDX.isIDX(start) { return try IDX.header(source) }
        if NPY.isNPY(start) { return try NPY.header(source) }
        throw DataError(.unknownFormat, at: source.path, "this is neither IDX nor NPY")
    }
}
