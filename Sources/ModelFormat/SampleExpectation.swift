import DataFormats
import PrintableText
package import RunProtocol

/// What a network's samples are like, by the file that it learnt from. Samples of every other file are read so that they
/// match these, or are refused: columns by their names, places by the shape, numbers by one scale.
package struct SampleExpectation: Hashable, Sendable {
    /// One sample's, such as [28, 28].
    package var shape: [Int]
    package var columns: [String]?
    /// Every number is divided by this, whatever it is stored as.
    package var divisor: Double
    /// Of the numbers when they are divided; nil where it is not known.
    package var range: NumberRange?

    package init(shape: [Int], columns: [String]? = nil, divisor: Double, range: NumberRange? = nil) {
        (self.shape, self.columns, self.divisor, self.range) = (shape, columns, divisor, range)
    }
}

/// Who is told what to do: the one who wrote a plan, or the one who started a command.
package enum MatchWords: Sendable {
    case plan, command

    fileprivate var expected: String { self == .plan ? "the unlabeled samples" : "the network's own samples" }

    fileprivate func divide(by divisor: String) -> String {
        self == .plan ? "divide_by: \(divisor)" : "--divide-by \(divisor)"
    }

    fileprivate func leaveOut(_ names: [String]) -> String {
        self == .plan
            ? "without: [\(names.map(\.asWord).joined(separator: ", "))]"
            : names.map { "--without \($0.asWord)" }.joined(separator: " ")
    }
}

/// Samples of a file that do not match what a network's are like: every mismatch at once.
package struct SampleMismatch: Error, Hashable, Sendable, CustomStringConvertible {
    package var path: String
    package var problems: [String]

    package var description: String { "\(path.printable(atMost: 1_000)): \(problems.joined(separator: "; "))" }
}

// MARK: Columns and shapes

/// How a file's numbers become those of a network's samples.
package struct SampleOrder: Hashable, Sendable {
    /// Which of the file's columns stands at each place; nil: all as they are.
    package var places: [Int]?
    /// What was taken for granted, a sentence each.
    package var remarks: [String] = []
}

extension SampleExpectation {
    /// Compares columns and shapes.
    /// - Parameters:
    ///   - shape: of the file's samples.
    ///   - columns: the file's names for them.
    package func order(
        of path: String, shape found: [Int], columns names: [String]?, _ words: MatchWords
    ) throws(SampleMismatch) -> SampleOrder {
        if let columns, let names { return try order(of: path, columns, names, words) }
        if let problem = shapeProblem(found, words) { throw SampleMismatch(path: path, problems: [problem]) }
        var order = SampleOrder()
        if (columns == nil) != (names == nil) {
            order.remarks = [
                "\(path.printable()): its columns are taken in their order, since"
                    + " \(names == nil ? "they have no names" : "\(words.expected) have no names for theirs")"
            ]
        } else if found.plain != shape.plain {
            order.remarks = [
                "\(path.printable()): its samples of shape \(found) are taken for \(shape), number by number"
            ]
        }
        return order
    }

    private func order(
        of path: String, _ columns: [String], _ names: [String], _ words: MatchWords
    ) throws(SampleMismatch) -> SampleOrder {
        guard columns != names else { return SampleOrder() }
        let places = Dictionary(names.enumerated().map { ($1, [$0]) }, uniquingKeysWith: +)
        let known = Set(columns)
        let missing = columns.filter { places[$0] == nil }
        let foreign = names.filter { !known.contains($0) }
        let twice = known.filter { (places[$0]?.count ?? 0) > 1 }.sorted()
        var problems: [String] = []
        if !missing.isEmpty {
            problems.append(
                "it lacks \(counted(missing)), which \(words.expected) have; give its columns the same names")
        }
        if !foreign.isEmpty {
            problems.append(
                "it has \(counted(foreign)), which \(words.expected) lack; leave out what is no number of a sample with"
                    + " \(words.leaveOut(Array(foreign.prefix(5))))\(foreign.count > 5 ? " and so on" : "")")
        }
        if !twice.isEmpty { problems.append("it has more than one \(counted(twice)); give each a name of its own") }
        guard problems.isEmpty, known.count == columns.count else {
            throw SampleMismatch(
                path: path, problems: problems.isEmpty ? ["names of columns stand there more than once"] : problems)
        }
        return SampleOrder(places: columns.compactMap { places[$0]?.first })
    }

    private func counted(_ names: [String]) -> String {
        let shown = names.prefix(5).map { "'\($0.printable())'" }.joined(separator: ", ")
        let more = names.count > 5 ? " and \(names.count - 5) more" : ""
        return "the \(names.count == 1 ? "column" : "columns") \(shown)\(more)"
    }

    private func shapeProblem(_ found: [Int], _ words: MatchWords) -> String? {
        let (mine, theirs) = (shape.plain, found.plain)
        let (size, other) = (shape.reduce(1, *), found.reduce(1, *))
        guard mine != theirs, size != other || mine.count > 1 && theirs.count > 1 else { return nil }
        guard mine.count > 1, theirs.count > 1 else {
            let near = (other - size).magnitude < 4
            let way = near ? "; leave columns that are no numbers of a sample out of both (without)" : ""
            return "its samples have \(other) numbers, \(words.expected) have \(size)\(way)"
        }
        let way = Self.transposition(from: found, to: shape)
        return "its samples have the shape \(found), \(words.expected) have \(shape)"
            + (way.map { "; save \($0)" } ?? "; make all samples alike")
    }

    /// How NumPy brings the axes of `found` into the order of `wanted`; nil where no order of the axes does.
    package static func transposition(from found: [Int], to wanted: [Int]) -> String? {
        guard found.count == wanted.count, found.sorted() == wanted.sorted(), found.count <= 8 else { return nil }
        // From channels first to channels last is the most likely of several.
        let turned = Array(1..<max(1, found.count)) + [0]
        var axes: [Int] = []
        if turned.count == found.count, turned.map({ found[$0] }) == wanted {
            axes = turned
        } else {
            for size in wanted { axes += found.indices.filter { found[$0] == size && !axes.contains($0) }.prefix(1) }
        }
        return "x.transpose(\(([0] + axes.map { $0 + 1 }).map { "\($0)" }.joined(separator: ", ")))"
    }
}

extension [Int] {
    /// Without the dimensions of one place: they change nothing of the numbers' order.
    fileprivate var plain: [Int] { filter { $0 != 1 } }
}

// MARK: Scale

extension SampleExpectation {
    /// Compares the numbers' range.
    /// - Parameters:
    ///   - raw: of the file's numbers as they are stored.
    ///   - own: what the file's numbers are to be divided by, where somebody has said so: then that is what is done.
    /// - Returns: what the file's numbers are divided by.
    package func divisor(
        of path: String, range raw: NumberRange, own: Double?, _ words: MatchWords
    ) throws(SampleMismatch) -> Double {
        if let own { return own }
        guard let range, raw.divided(by: divisor).isOfOtherScale(than: range) else { return divisor }
        let scaled = raw.divided(by: divisor)
        let how = divisor == 1 ? "" : ", divided by \(divisor.plain) as those are,"
        let way = [1, 255, 65_535].first { !raw.divided(by: $0).isOfOtherScale(than: range) && $0 != divisor }
        let problem =
            "its numbers\(how) go from \(scaled.lowest.plain) to \(scaled.highest.plain), but \(words.expected)"
            + " from \(range.lowest.plain) to \(range.highest.plain); "
            + (way.map { "add \(words.divide(by: $0.plain))" }
                ?? "add \(words.divide(by: "NUMBER")) with what makes them alike")
        throw SampleMismatch(path: path, problems: [problem])
    }
}

extension Double {
    /// With no more than three digits behind the point, unless the number is small.
    fileprivate var plain: String {
        let text = "\(Float(magnitude < 1 ? self : (self * 1_000).rounded() / 1_000))"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}

extension String {
    /// In quotation marks where it is more than one plain word.
    fileprivate var asWord: String {
        let isPlain = utf8.allSatisfy { byte in
            (48...57).contains(byte) || (97...122).contains(byte | 32) || byte == 95 || byte == 45
        }
        return isPlain && !isEmpty ? self : "'\(printable())'"
    }
}
