import DataFormats
import PrintableText
import RunProtocol

/// Which samples a limit takes, and which classes are among them.
extension DataPreparation {
    /// What is said where a source has a limit. Files of labels and folders tell how many samples there are; a CSV's own
    /// column would have to be read to its end.
    /// - Parameters:
    ///   - all: the labels of the whole source; nil where they are not known.
    ///   - namingClasses: whether the classes that are left out are told; those of test samples are told elsewhere.
    static func remark(
        onLimitOf source: SampleSource, taken: ClassLabels, all: ClassLabels?, namingClasses: Bool
    ) -> String? {
        guard let limit = source.limit, taken.indices.count == limit else { return nil }
        let text = "\(source.path.printable()): limit: \(limit) took the first \(limit)"
        guard let all else { return "\(text) samples" }
        guard all.indices.count > limit else { return nil }
        let present = taken.present
        let missing = all.present.filter { !present.contains($0) }
        guard namingClasses, !missing.isEmpty else { return "\(text) of \(all.indices.count) samples" }
        return "\(text) of \(all.indices.count) samples: only class \(list(present)), none of class \(list(missing))"
    }

    /// A classifier of one class cannot be wrong.
    static func checkClasses(_ labeled: ClassLabels, of source: SampleSource) throws(APIError) {
        guard let only = labeled.present.first, labeled.present.count == 1 else { return }
        let taken = source.limit.map { " (limit: \($0) takes the first samples)" } ?? ""
        throw APIError(
            .invalidData,
            "\(source.path.printable()): all \(labeled.indices.count) labeled samples are of class"
                + " \(only.printable(atMost: 40))\(taken), but a classifier needs two classes",
            hint: source.limit == nil
                ? "add samples of other classes" : "raise or leave out limit, or shuffle the samples")
    }

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(5).map { $0.printable(atMost: 40) }.joined(separator: ", ")
        return names.count > 5 ? "\(shown) and \(names.count - 5) more" : shown
    }
}

extension ClassLabels {
    /// The names of the classes that some sample has, in their order.
    fileprivate var present: [String] {
        let indices = Set(self.indices)
        return names.indices.filter { indices.contains(Int32($0)) }.map { names[$0] }
    }
}
