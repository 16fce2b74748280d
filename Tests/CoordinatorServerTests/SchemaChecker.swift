import RunProtocol

/// A value of JSON or YAML.
enum JSONValue: Decodable, Equatable {
    case null
    case bool(Bool)
    case integer
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if (try? container.decode(Int.self)) != nil || (try? container.decode(UInt64.self)) != nil {
            self = .integer
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    /// - Parameter yaml: what Yams makes of a document.
    init(yaml: Any) {
        switch yaml {
        case let value as Bool: self = .bool(value)
        case is Int: self = .integer
        case let value as Double: self = .number(value)
        case let value as String: self = .string(value)
        case let value as [Any]: self = .array(value.map(JSONValue.init(yaml:)))
        case let value as [String: Any]: self = .object(value.mapValues(JSONValue.init(yaml:)))
        default: self = .null
        }
    }

    subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members[key]
    }

    var object: [String: JSONValue] {
        guard case .object(let members) = self else { return [:] }
        return members
    }

    var array: [JSONValue] {
        guard case .array(let items) = self else { return [] }
        return items
    }

    var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    func hasType(_ name: String) -> Bool {
        switch self {
        case .null: name == "null"
        case .bool: name == "boolean"
        case .integer: name == "integer" || name == "number"
        case .number: name == "number"
        case .string: name == "string"
        case .array: name == "array"
        case .object: name == "object"
        }
    }
}

/// Checks values against those parts of JSON Schema that `docs/openapi.yaml` uses.
struct SchemaChecker {
    static let keywords: Set = [
        "$ref", "oneOf", "type", "enum", "pattern", "minimum", "required", "properties", "additionalProperties",
        "items",
        "description", "default", "examples",
    ]

    let document: JSONValue

    /// Follows `$ref` to where it leads.
    func resolve(_ value: JSONValue) throws -> JSONValue {
        guard let reference = value["$ref"]?.string else { return value }
        let parts = reference.split(separator: "/")
        guard parts.first == "#", let target = parts.dropFirst().reduce(document, { $0?[String($1)] }) else {
            throw APIError(.notFound, "\(reference) leads nowhere")
        }
        return try resolve(target)
    }

    /// Everything in which `value` is not as `schema` says, each with its place.
    func problems(of value: JSONValue, with schema: JSONValue, at path: String = "$") throws -> [String] {
        let schema = try resolve(schema)
        var problems = schema.object.keys.filter { !Self.keywords.contains($0) }.map { "\(path): \($0) is not checked" }
        if case .array(let choices)? = schema["oneOf"] {
            let fitting = try choices.filter { try self.problems(of: value, with: $0, at: path).isEmpty }
            if fitting.count != 1 { problems.append("\(path): \(fitting.count) of the choices fit") }
        }
        if let type = schema["type"] {
            let names = type.string.map { [$0] } ?? type.array.compactMap(\.string)
            if !names.contains(where: value.hasType) { problems.append("\(path): is not of type \(names)") }
        }
        if case .array(let choices)? = schema["enum"], !choices.contains(value) {
            problems.append("\(path): is not one of \(choices)")
        }
        if let pattern = schema["pattern"]?.string, let text = value.string,
            try Regex(pattern).firstMatch(in: text) == nil
        {
            problems.append("\(path): \(text) does not match \(pattern)")
        }
        return try problems + membersProblems(of: value, with: schema, at: path)
    }

    private func membersProblems(of value: JSONValue, with schema: JSONValue, at path: String) throws -> [String] {
        var problems =
            schema["required"]?.array.compactMap(\.string).filter { value[$0] == nil && value.hasType("object") }
            .map { "\(path).\($0): is missing" } ?? []
        for (key, member) in value.object {
            if let known = schema["properties"]?[key] {
                problems += try self.problems(of: member, with: known, at: "\(path).\(key)")
            } else if schema["additionalProperties"] == .bool(false) {
                problems.append("\(path).\(key): is unknown")
            } else if let other = schema["additionalProperties"], !other.object.isEmpty {
                problems += try self.problems(of: member, with: other, at: "\(path).\(key)")
            }
        }
        if let items = schema["items"] {
            for (index, item) in value.array.enumerated() {
                problems += try self.problems(of: item, with: items, at: "\(path)[\(index)]")
            }
        }
        return problems
    }
}
