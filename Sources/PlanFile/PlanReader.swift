import PrintableText
package import RunProtocol
import Yams

/// Reads a plan from YAML. `docs/plan.md` says what each key means.
package enum PlanReader {
    /// - Throws: every mistake at once.
    package static func read(_ yaml: String, _ kinds: ModelKinds) throws(PlanMistakes) -> Plan {
        let log = MistakeLog()
        guard let top = open(yaml, log: log) else { throw log.mistakes ?? PlanMistakes(mistakes: []) }
        let plan = plan(top, kinds)
        if let mistakes = log.mistakes { throw mistakes }
        return plan
    }

    /// Every key that a plan of these kinds can have.
    package static func knownKeys(of kinds: ModelKinds) -> Set<String> {
        kinds.all.reduce(into: []) { keys, kind in
            let log = MistakeLog()
            if let top = open(kind.everySection, log: log) { _ = plan(top, ModelKinds([kind])) }
            keys.formUnion(log.known)
        }
    }

    private static func open(_ text: String, log: MistakeLog) -> Section? {
        // Some editors begin a file with a byte order mark.
        let yaml = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
        guard yaml.utf8.count <= Limits.planBytes else {
            log.note(1, "", "the plan has more than \(Limits.planBytes) bytes")
            return nil
        }
        // An alias can make a small text endless; a plan needs none.
        guard !hasAnchors(yaml) else {
            log.note(1, "", "anchors (&name) and aliases (*name) cannot be used in a plan")
            return nil
        }
        do {
            guard let node = try Yams.compose(yaml: yaml) else {
                log.note(1, "", "the plan is empty; `cairn plan init` writes one to start from")
                return nil
            }
            return Section(node, path: "", line: 1, log: log)
        } catch let error as YamlError {
            log.note(line(of: error), "", "this is not YAML: \(summary(of: error))")
        } catch {
            log.note(1, "", "this is not YAML: \(error)")
        }
        return nil
    }

    /// Whether a name of libyaml's letters stands behind an `&` or `*` where one can begin: behind a blank, an indicator, or
    /// what is not ASCII, among which there are ends of lines.
    private static func hasAnchors(_ yaml: String) -> Bool {
        let bytes = [UInt8(ascii: " ")] + yaml.utf8
        return bytes.indices.dropFirst().dropLast().contains { place in
            guard bytes[place] == UInt8(ascii: "&") || bytes[place] == UInt8(ascii: "*") else { return false }
            let (before, after) = (bytes[place - 1], bytes[place + 1])
            let isLetter = UInt8(ascii: "a")...UInt8(ascii: "z") ~= after | 32
            return (before <= 32 || before >= 128 || "[{,:-?".utf8.contains(before))
                && (isLetter || "0123456789_-".utf8.contains(after))
        }
    }

    private static func line(of error: YamlError) -> Int {
        switch error {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _): mark.line
        case .duplicatedKeysInMapping(_, let context): context.mark.line
        case .reader(_, let offset, _, let yaml): yaml.utf8.prefix(offset ?? 0).count { $0 == 10 } + 1
        default: 1
        }
    }

    private static func summary(of error: YamlError) -> String {
        switch error {
        case .scanner(_, let problem, _, _), .parser(_, let problem, _, _), .composer(_, let problem, _, _): problem
        case .reader(let problem, _, _, _): problem
        case .duplicatedKeysInMapping(let keys, _):
            "\(keys.prefix(3).map { $0.printable() }.joined(separator: ", ")) stands there twice"
        default: "\(error)"
        }
    }

    private static func plan(_ top: Section, _ kinds: ModelKinds) -> Plan {
        let name = top.text("name") ?? "unnamed"
        if name.count > Limits.nameCharacters { top.note("name", "has more than \(Limits.nameCharacters) letters") }
        let model = top.text("model")
        let common = Plan(
            name: name, seed: UInt64(top.whole("seed", in: 0...Int.max) ?? 1),
            model: model == kinds.all.first?.name ? nil : model,
            verify: top.number("verify", in: 0...1).flatMap { $0 > 0 ? $0 : nil },
            instructionSet: top.choice("instruction_set", InstructionSet.self))
        guard let kind = kinds[model] else {
            top.note("model", "should be one of \(kinds.all.map(\.name).joined(separator: ", "))")
            return common
        }
        let plan = kind.read(top, common)
        top.finish()
        return plan
    }

    // MARK: Two plans

    /// Every key that differs between two plans' texts, both of which were read before.
    package static func differences(from earlier: String, to later: String) -> [PlanDifference] {
        let (before, after) = (values(of: earlier), values(of: later))
        return Set(before.keys).union(after.keys).sorted().filter { before[$0] != after[$0] }.map {
            PlanDifference(key: $0, before: before[$0], after: after[$0])
        }
    }

    /// Each key's value, as it is written.
    private static func values(of yaml: String) -> [String: String] {
        var values: [String: String] = [:]
        if let node = try? Yams.compose(yaml: yaml) { collect(node, "", into: &values) }
        return values
    }

    private static func collect(_ node: Node, _ path: String, into values: inout [String: String]) {
        switch node {
        case .mapping(let mapping):
            for (key, value) in mapping {
                collect(value, path.isEmpty ? key.string ?? "" : "\(path).\(key.string ?? "")", into: &values)
            }
        case .sequence(let sequence):
            for (index, value) in sequence.enumerated() { collect(value, "\(path)[\(index)]", into: &values) }
        case .scalar(let scalar): values[path] = scalar.string
        case .alias: break
        }
    }
}
