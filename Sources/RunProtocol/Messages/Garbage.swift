/// Blobs that no run needs. `GET /v1/garbage?older=SECONDS`; with `DELETE` those that were deleted.
package struct Garbage: Codable, Hashable, Sendable {
    /// A blob and the time since its file was last written.
    package struct Blob: Codable, Hashable, Sendable {
        package var digest: Digest
        package var bytes: Int
        package var secondsOld: Double

        package init(digest: Digest, bytes: Int, secondsOld: Double) {
            (self.digest, self.bytes, self.secondsOld) = (digest, bytes, secondsOld)
        }
    }

    /// The largest first, at most `Limits.listedBlobs`.
    package var blobs: [Blob]
    /// Of all of them, listed or not.
    package var count: Int
    package var bytes: Int
    /// What runs need.
    package var neededBytes: Int

    package init(blobs: [Blob], count: Int, bytes: Int, neededBytes: Int) {
        (self.blobs, self.count, self.bytes, self.neededBytes) = (blobs, count, bytes, neededBytes)
    }
}
