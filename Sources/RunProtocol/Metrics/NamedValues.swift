/// Named values, as they stand in a JSON object beside its fixed keys: a number is a metric, a list of numbers a series, a
/// list of lists of whole numbers a table.
package struct NamedValues: Hashable, Sendable {
    package var metrics: [String: Double] = [:]
    package var series: [String: [Double]] = [:]
    package var tables: [String: [[Int]]] = [:]

    /// A key that is known only when it is read.
    package struct Key: CodingKey {
        package let stringValue: String
        package var intValue: Int? { nil }

        package init(stringValue: String) { self.stringValue = stringValue }
        package init?(intValue: Int) { nil }
    }

    package init(
        metrics: [String: Double] = [:], series: [String: [Double]] = [:], tables: [String: [[Int]]] = [:]
    ) {
        (self.metrics, self.series, self.tables) = (metrics, series, tables)
    }

    /// Reads all but the fixed keys.
    /// - Throws: whenever there are too many, a name is none, or a value is of another kind.
    package init<Fixed: CodingKey & CaseIterable>(from decoder: any Decoder, besides: Fixed.Type) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let keys = container.allKeys.filter { Fixed(stringValue: $0.stringValue) == nil }
        guard keys.count <= Limits.namedValues, keys.allSatisfy(\.isName) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "too many named values, or a name is none"))
        }
        for key in keys where try !container.decodeNil(forKey: key) {
            if let number = try? container.decode(Double.self, forKey: key) {
                metrics[key.stringValue] = number
            } else if let list = try? container.decode([Double].self, forKey: key) {
                series[key.stringValue] = list
            } else {
                tables[key.stringValue] = try container.decode([[Int]].self, forKey: key)
            }
        }
    }

    /// Writes them beside what is already there.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for (name, value) in metrics { try container.encode(value, forKey: Key(stringValue: name)) }
        for (name, value) in series { try container.encode(value, forKey: Key(stringValue: name)) }
        for (name, value) in tables { try container.encode(value, forKey: Key(stringValue: name)) }
    }
}

/// An object of JSON with fixed members, and named ones beside them.
package struct WithNamed<Fixed: Encodable, Value: Encodable>: Encodable {
    package var fixed: Fixed
    package var named: [String: Value]

    package init(_ fixed: Fixed, _ named: [String: Value]) { (self.fixed, self.named) = (fixed, named) }

    package func encode(to encoder: any Encoder) throws {
        try fixed.encode(to: encoder)
        var container = encoder.container(keyedBy: NamedValues.Key.self)
        for (name, value) in named { try container.encode(value, forKey: NamedValues.Key(stringValue: name)) }
    }
}

extension NamedValues.Key {
    /// Latin letters and digits, a small letter first.
    fileprivate var isName: Bool {
        let bytes = stringValue.utf8
        let (small, large) = (UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"))
        guard let first = bytes.first, small.contains(first), bytes.count <= Limits.valueNameCharacters
        else { return false }
        return bytes.allSatisfy {
            small.contains($0) || large.contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
        }
    }
}
