/// What a plan's data came to when they were read and cut: blobs, by their digests, and what else the plan's kind of model
/// keeps of them.
package struct DataManifest: Codable, Hashable, Sendable {
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

    /// The manifest that a structure of all its keys is encoded to.
    package init(encoding whole: some Encodable) {
        guard let own = try? [String: JSONValue](encoding: whole).decoded(as: DataManifest.self)
        else { preconditionFailure("a manifest has a hash of its plan") }
        self = own
    }

    /// All its keys, as a structure.
    /// - Throws: `DecodingError` whenever its kind of model keeps other things.
    package func decoded<Whole: Decodable>(as type: Whole.Type) throws -> Whole {
        try [String: JSONValue](encoding: self).decoded(as: type)
    }
}
