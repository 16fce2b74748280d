import PrintableText
import Yams

/// A mapping of the plan while it is read. What is wrong is noted and replaced by something right, so that the rest can
/// be read too; keys that nobody asked for are unknown.
package final class Section {
    package let path: String
    package let line: Int
    private let log: MistakeLog
    private var nodes: [String: Node] = [:]
    private var lines: [String: Int] = [:]
    private var asked: Set<String> = []
    /// Where a key is looked for that is not here.
    private let fallback: Section?

    init(_ node: Node?, path: String, line: Int, log: MistakeLog, fallback: Section? = nil) {
        (self.path, self.line, self.log, self.fallback) = (path, line, log, fallback)
        guard let node else { return }
        guard let mapping = node.mapping else {
            log.note(self.line, path, "should be keys and values, one `key: value` a line")
            return
        }
        for (key, value) in mapping {
            let name = key.string ?? ""
            nodes[name] = value
            lines[name] = key.mark?.line ?? self.line
        }
    }

    package func has(_ key: String) -> Bool {
        asked.insert(key)
        return nodes[key] != nil
    }

    private func find(_ key: String) -> (node: Node, section: Section)? {
        asked.insert(key)
        log.known.insert(key)
        if let node = nodes[key] { return (node, self) }
        return fallback?.find(key)
    }

    package func note(_ key: String, _ message: String) {
        log.note(lines[key] ?? line, path.isEmpty ? key : "\(path).\(key)", message)
    }

    /// Notes what is wrong with a value; there is none then.
    private func refused<Value>(_ key: String, _ message: String) -> Value? {
        note(key, message)
        return nil
    }

    // MARK: Values

    package func text(_ key: String) -> String? {
        guard let (node, section) = find(key) else { return nil }
        guard let text = node.string, !text.isEmpty
        else { return section.refused(key, "should be a text") }
        return text
    }

    package func requiredText(_ key: String, _ meaning: String) -> String {
        if nodes[key] == nil { note(key, "is missing: \(meaning)") }
        return text(key) ?? ""
    }

    package func whole(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let (node, section) = find(key) else { return nil }
        guard let value = node.scalar.flatMap({ Int($0.string) }), range.contains(value)
        else { return section.refused(key, "should be a whole number \(range.words)") }
        return value
    }

    package func number(_ key: String, in range: ClosedRange<Double>) -> Double? {
        guard let (node, section) = find(key) else { return nil }
        guard let value = node.scalar.flatMap({ Double($0.string) }), range.contains(value)
        else { return section.refused(key, "should be a number \(range.words)") }
        return value
    }

    /// A list of numbers.
    package func numbers(_ key: String, in range: ClosedRange<Double>) -> [Double]? {
        guard let (node, section) = find(key) else { return nil }
        let values = node.sequence?.map { $0.scalar.flatMap { Double($0.string) } } ?? []
        guard !values.isEmpty, values.allSatisfy({ $0.map(range.contains) ?? false })
        else { return section.refused(key, "should be a list of numbers \(range.words)") }
        return values.compactMap(\.self)
    }

    /// A list of texts, or one.
    package func texts(_ key: String, limit: Int) -> [String]? {
        guard let (node, section) = find(key) else { return nil }
        let values = node.sequence?.prefix(limit + 1).map(\.string) ?? [node.string]
        let texts = values.compactMap(\.self).filter { !$0.isEmpty }
        guard !texts.isEmpty, texts.count == values.count, texts.count <= limit
        else { return section.refused(key, "should be a list of 1 to \(limit) texts, such as [id, time]") }
        return texts
    }

    package func flag(_ key: String) -> Bool? {
        guard let (node, section) = find(key) else { return nil }
        guard let value = node.bool else { return section.refused(key, "should be true or false") }
        return value
    }

    package func choice<Choice: RawRepresentable & CaseIterable>(_ key: String, _ type: Choice.Type) -> Choice?
    where Choice.RawValue == String {
        guard let (node, section) = find(key) else { return nil }
        guard let choice = node.string.flatMap(Choice.init(rawValue:)) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            return section.refused(key, "should be one of \(known)")
        }
        return choice
    }

    /// A section below; an empty one where it is missing.
    package func section(_ key: String) -> Section {
        let found = find(key)
        let path = path.isEmpty ? key : "\(path).\(key)"
        return Section(found?.node, path: path, line: lines[key] ?? line, log: log)
    }

    /// The sections of a list; of one that is longer than `limit`, one more than that.
    package func list(_ key: String, limit: Int, fallback: Section? = nil) -> [Section] {
        guard let (node, _) = find(key) else { return [] }
        guard let items = node.sequence else {
            note(key, "should be a list, one `- ...` an item")
            return []
        }
        return items.prefix(limit + 1).enumerated().map { index, item in
            Section(
                item, path: "\(path.isEmpty ? "" : path + ".")\(key)[\(index)]",
                line: item.mark?.line ?? line, log: log, fallback: fallback)
        }
    }

    /// The value itself where it is a text, for keys that take a text or a section.
    package func isText(_ key: String) -> Bool { nodes[key]?.scalar != nil }

    package func isList(_ key: String) -> Bool { nodes[key]?.sequence != nil }

    /// Notes every key that nobody asked for.
    package func finish() {
        for key in nodes.keys.sorted() where !asked.contains(key) && !log.isFull {
            let similar = asked.min { distance($0, key) < distance($1, key) }
            let hint = similar.flatMap { distance($0, key) <= 2 ? "; do you mean `\($0)`?" : nil }
            note(key, "is unknown here" + (hint ?? "; known are \(asked.sorted().joined(separator: ", "))"))
        }
    }

    /// How many letters must be changed, added or removed (Levenshtein 1966).
    private func distance(_ a: String, _ b: String) -> Int {
        let (a, b) = (Array(a.prefix(40)), Array(b.prefix(40)))
        var row = Array(0...b.count)
        for (i, letter) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in b.enumerated() {
                let changed = diagonal + (letter == other ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(changed, row[j] + 1, diagonal + 1)
            }
        }
        return row[b.count]
    }
}

extension ClosedRange { fileprivate var words: String { "from \(lowerBound) to \(upperBound)" } }

/// The mistakes found so far, and every key that was looked for.
final class MistakeLog {
    private var found: [PlanMistake] = []
    var known: Set<String> = []

    /// Nobody reads more mistakes, and to look for each among all others would take for ever.
    private static let limit = 100

    var isFull: Bool { found.count >= Self.limit }

    func note(_ line: Int, _ key: String, _ message: String) {
        guard !isFull else { return }
        let mistake = PlanMistake(line: line, key: key.printable(atMost: 200), message: message)
        if !found.contains(mistake) { found.append(mistake) }
    }

    var mistakes: PlanMistakes? {
        found.isEmpty ? nil : PlanMistakes(mistakes: found.sorted { ($0.line, $0.key) < ($1.line, $1.key) })
    }
}
