/// What a plan's data came to when they were read and cut: blobs, by their digests, and what else the plan's kind of model
/// keeps of them.
package struct DataManifest: ExtensibleJSON, Hashable, Sendable {
    private enum CodingKeys: String, CodingKey { case planHash }

    /// SHA-256 of the plan's settings and the data's contents.
    package let planHash: Digest
    /// The other keys of its JSON, which the kind of model alone reads.
    package let contents: [String: JSONValue]
    /// All that the data were cut into: every SHA-256 in `contents`.
    package let blobs: [Digest]

    package init(from decoder: any Decoder) throws {
        planHash = try decoder.container(keyedBy: CodingKeys.self).decode(Digest.self, forKey: .planHash)
        var contents = try [String: JSONValue](from: decoder)
        contents[CodingKeys.planHash.rawValue] = nil
        self.contents = contents
        blobs = JSONValue.object(contents).digests
    }

    package func encode(to encoder: any Encoder) throws {
        var common = encoder.container(keyedBy: CodingKeys.self)
        try common.encode(planHash, forKey: .planHash)
        try contents.encode(to: encoder)
    }
}
