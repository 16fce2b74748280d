import PrintableText

/// A class for each sample, by its place in the sorted list of the distinct classes' names.
package struct ClassLabels: Hashable, Sendable {
    /// Distinct; sorted as numbers where all are whole numbers, else by their bytes.
    package var names: [String]
    /// Of each sample, a place in `names`.
    package var indices: [Int32]
    /// What was guessed while they were read, a sentence each.
    package var remarks: [String] = []

    package init(names: [String], indices: [Int32]) { (self.names, self.indices) = (names, indices) }

    /// The most classes that are told apart.
    package static let mostClasses = 10_000

    /// How many samples each class has, in the order of `names`.
    package var counts: [Int] {
        indices.reduce(into: [Int](repeating: 0, count: names.count)) { $0[Int($1)] += 1 }
    }
}

extension ClassLabels {
    /// The first of a file's words is the column's name where it stands nowhere else in it.
    /// - Parameter limit: of the labels that are kept.
    mutating func decideFirst(path: String, limit: Int?) {
        guard let first = indices.first, indices.count > 1 else { return }
        let name = names[Int(first)]
        let isName = !indices.dropFirst().contains(first)
        remarks.append(
            "\(path.printable()): its first line '\(name.printable())' was taken as"
                + " \(isName ? "the column's name, since it stands nowhere else" : "a label");"
                + " say header: true or false otherwise")
        if isName { indices.removeFirst() }
        indices = Array(indices.prefix(limit ?? .max))
        let used = Set(indices)
        let kept = names.indices.filter { used.contains(Int32($0)) }
        let places = Dictionary(uniqueKeysWithValues: kept.enumerated().map { (Int32($1), Int32($0)) })
        names = kept.map { names[$0] }
        indices = indices.compactMap { places[$0] }
    }
}

/// Collects labels one after the other, as numbers or words.
struct LabelCollector {
    private var places: [String: Int32] = [:]
    private(set) var indices: [Int32] = []
    /// Whether all labels so far are whole numbers; `names` are sorted as such then.
    private var values: [String: Int64] = [:]

    /// - Throws: `.outOfRange` where there are more classes than `ClassLabels.mostClasses`.
    mutating func add(_ label: String, path: String) throws(DataError) {
        if let known = places[label] { return indices.append(known) }
        guard places.count < ClassLabels.mostClasses else {
            throw DataError(
                .outOfRange, at: path,
                "there are more than \(ClassLabels.mostClasses) different labels, such as '\(label.printable())'",
                hint: "labels are classes; measured values cannot be learnt as such")
        }
        if let value = Int64(label) { values[label] = value }
        indices.append(Int32(places.count))
        places[label] = Int32(places.count)
    }

    /// Sorts the classes, and numbers the samples' labels anew.
    func finish() -> ClassLabels {
        let sorted =
            values.count == places.count
            ? places.keys.sorted { values[$0, default: 0] < values[$1, default: 0] }
            : places.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        var order = [Int32](repeating: 0, count: places.count)
        for (place, name) in sorted.enumerated() { order[Int(places[name] ?? 0)] = Int32(place) }
        return ClassLabels(names: sorted, indices: indices.map { order[Int($0)] })
    }
}
