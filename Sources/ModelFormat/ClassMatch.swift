import PrintableText

/// Brings the classes of one set of labels into the order of another's: by their names.
package enum ClassMatch {
    /// - Parameters:
    ///   - indices: a place in `names` for each sample.
    ///   - names: of the set that is read.
    ///   - known: of the classes that a network tells apart.
    ///   - whose: who lacks a class that is not known, such as `no labeled example has`.
    /// - Returns: a place in `known` for each sample.
    /// - Throws: `UnknownClasses` with every class that occurs and is not known.
    package static func indices(
        _ indices: [Int32], of names: [String], among known: [String], path: String, whose: String
    ) throws(UnknownClasses) -> [Int32] {
        let places = Dictionary(known.enumerated().map { ($1, Int32($0)) }) { first, _ in first }
        let translation = names.map { places[$0] }
        var strangers = [Int](repeating: 0, count: names.count)
        let matched = indices.map { index -> Int32 in
            guard let place = translation[Int(index)] else {
                strangers[Int(index)] += 1
                return 0
            }
            return place
        }
        let unknown = names.indices.filter { strangers[$0] > 0 }
        guard unknown.isEmpty else {
            throw UnknownClasses(
                path: path, whose: whose, names: unknown.map { names[$0] }, counts: unknown.map { strangers[$0] },
                known: known)
        }
        return matched
    }

    /// A class as a message calls it: numbers as they are, words in quotation marks.
    package static func title(_ name: String) -> String {
        !name.isEmpty && name.utf8.allSatisfy { (48...57).contains($0) } ? name : "'\(name.printable())'"
    }

    /// The names of some classes, or of the first of many.
    package static func list(_ names: [String]) -> String {
        names.prefix(10).map(title).joined(separator: ", ") + (names.count > 10 ? " and \(names.count - 10) more" : "")
    }
}

/// Labels of classes that are not known.
package struct UnknownClasses: Error, Hashable, Sendable, CustomStringConvertible {
    package var path: String
    package var whose: String
    package var names: [String]
    /// How many samples each of them has.
    package var counts: [Int]
    package var known: [String]

    package var message: String {
        let samples = counts.reduce(0, +)
        return "has the \(names.count == 1 ? "class" : "classes") \(ClassMatch.list(names)), which \(whose)"
            + " (\(samples) \(samples == 1 ? "sample" : "samples"))"
    }

    package var hint: String {
        let other = names.first { name in known.contains { $0.lowercased() == name.lowercased() } }
        return "the classes are \(ClassMatch.list(known))"
            + (other.map { "; \(ClassMatch.title($0)) is written in another way there" } ?? "")
    }

    package var description: String { "\(path.printable(atMost: 1_000)): \(message); \(hint)" }
}
