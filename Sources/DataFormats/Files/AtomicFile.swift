package import FoundationEssentials

/// Files that are there whole or not at all.
package enum AtomicFile {
    /// Writes beside `path`, brings it to the disk, renames it into place, and brings that to the disk too. Until it is
    /// renamed nothing is left behind on a failure. Any number of threads and processes may write at once.
    ///
    /// - Parameter isPrivate: whether nobody but this user may read it.
    /// - Throws: `.storageFull` or `.unwritable`.
    package static func write(_ data: Data, to path: String, isPrivate: Bool = false) throws(DataError) {
        let writer = try FileWriter(beside: path, isPrivate: isPrivate)
        var failure: DataError?
        data.withUnsafeBytes { bytes in
            do throws(DataError) { try writer.append(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
        try writer.keep(as: path)
    }
}
