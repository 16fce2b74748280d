import FoundationEssentials

/// A JSON value whose meaning its reader alone knows.
package enum JSONValue: Codable, Hashable, Sendable {
    case null
    case flag(Bool)
    case whole(Int)
    case number(Double)
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let object = try? container.decode([String: JSONValue].self) {
            self = .object(object)
        } else if let list = try? container.decode([JSONValue].self) {
            self = .list(list)
        } else if let flag = try? container.decode(Bool.self) {
            self = .flag(flag)
        } else if let whole = try? container.decode(Int.self) {
            self = .whole(whole)
        } else {
            self = .number(try container.decode(Double.self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .flag(let flag): try container.encode(flag)
        case .whole(let whole): try container.encode(whole)
        case .number(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        case .list(let list): try container.encode(list)
        case .object(let object): try container.encode(object)
        }
    }

    /// Every SHA-256 among its texts, in the order of keys and lists.
    package var digests: [Digest] {
        switch self {
        case .text(let text): [Digest(hex: text)].compactMap(\.self)
        case .list(let list): list.flatMap(\.digests)
        case .object(let object): object.sorted { $0.key < $1.key }.flatMap(\.value.digests)
        case .null, .flag, .whole, .number: []
        }
    }
}

extension [String: JSONValue] {
    /// What `value` is encoded to. Its numbers must be finite.
    package init(encoding value: some Encodable) {
        guard let bytes = try? JSONEncoder().encode(value),
            let object = try? JSONDecoder().decode(Self.self, from: bytes)
        else { preconditionFailure("numbers are finite, and a structure has keys") }
        self = object
    }

    /// - Throws: `DecodingError` whenever it is not what such a value is encoded to.
    package func decoded<Whole: Decodable>(as type: Whole.Type) throws -> Whole {
        try JSONDecoder().decode(type, from: JSONEncoder().encode(self))
    }
}

/// A structure with some keys that all kinds of model have; its kind of model reads the others.
package protocol ExtensibleJSON: Codable {}

extension ExtensibleJSON {
    /// What a structure of all the keys is encoded to; it must have those that all kinds of model have.
    package init(encoding whole: some Encodable) {
        guard let own = try? [String: JSONValue](encoding: whole).decoded(as: Self.self)
        else { preconditionFailure("\(Self.self) lacks a key that all kinds of model have") }
        self = own
    }

    /// All keys, as a structure.
    /// - Throws: `DecodingError` whenever the kind of model has others.
    package func decoded<Whole: Decodable>(as type: Whole.Type) throws -> Whole {
        try [String: JSONValue](encoding: self).decoded(as: type)
    }
}
