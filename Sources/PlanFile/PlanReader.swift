import PrintableText
package import RunProtocol
import Yams

/// Reads a plan from YAML. `docs/plan.md` says what each key means.
package enum PlanReader {
    /// - Throws: every mistake at once.
    package static func read(_ yaml: String) throws(PlanMistakes) -> Plan {
        let log = MistakeLog()
        guard let top = open(yaml, log: log) else { throw log.mistakes ?? PlanMistakes(mistakes: []) }
        let plan = plan(top, log: log)
        if let mistakes = log.mistakes { throw mistakes }
        return plan
    }

    /// Every key that a plan can have.
    package static var knownKeys: Set<String> {
        let log = MistakeLog()
        let text = """
            data: {labeled: {labels: {}}, test: {}}
            layers: [{convolution: {}}]
            joint_training: {}
            fine_tuning: {pseudo_labels: {}}
            outputs: [{samples: {}}]
            """
        if let top = open(text, log: log) { _ = plan(top, log: log) }
        return log.known
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

    private static func plan(_ top: Section, log: MistakeLog) -> Plan {
        let name = top.text("name") ?? "unnamed"
        if name.count > Limits.nameCharacters { top.note("name", "has more than \(Limits.nameCharacters) letters") }
        let common = top.section("pretraining")
        let layers = top.list("layers", limit: Limits.layers, fallback: common)
        if layers.isEmpty { top.note("layers", "is missing: a list with the units of each layer") }
        if layers.count > Limits.layers { top.note("layers", "has more than \(Limits.layers) layers") }
        let specs = layers.map(layer)
        var stages: [StageSettings] = []
        for (index, section) in layers.enumerated() {
            let below = stages.first.map { StageReader.Below(first: $0, activation: specs[index - 1].activation) }
            stages.append(StageReader.read(section, above: below))
        }
        // Read on its own as well, so that its keys are known even where no layer needs them.
        _ = StageReader.read(common, above: nil)
        let data = DataReader.read(top.section("data"))
        let plan = Plan(
            name: name, seed: UInt64(top.whole("seed", in: 0...Int.max) ?? 1), data: data, layers: specs,
            stages: stages,
            joint: top.has("joint_training") ? joint(top.section("joint_training"), stages) : nil,
            fineTuning: top.has("fine_tuning") ? FineTuningReader.read(top.section("fine_tuning"), data) : nil,
            outputs: OutputsReader.read(top, data),
            verify: top.number("verify", in: 0...1).flatMap { $0 > 0 ? $0 : nil },
            instructionSet: top.choice("instruction_set", InstructionSet.self))
        if plan.fineTuning != nil, data.labeled == nil || !data.hasTest {
            top.note("fine_tuning", "needs data.labeled to learn from and data.test to be tested on")
        }
        layers.forEach { $0.finish() }
        common.finish()
        top.finish()
        return plan
    }

    private static func layer(_ section: Section) -> LayerSpec {
        let activation = section.choice("activation", Activation.self) ?? .relu
        guard section.has("convolution") else {
            if !section.has("units") { section.note("units", "is missing: how many numbers the layer's code has") }
            return LayerSpec(units: section.whole("units", in: 1...Limits.units) ?? 1, activation: activation)
        }
        if section.has("units") { section.note("units", "belongs to dense layers: a convolution has `channels`") }
        let window = section.section("convolution")
        defer { window.finish() }
        if !window.has("channels") { window.note("channels", "is missing: how many numbers each place's code has") }
        return LayerSpec(
            units: window.whole("channels", in: 1...Limits.units) ?? 1, activation: activation,
            window: ConvolutionWindow(
                kernel: window.whole("kernel", in: 1...Limits.kernel) ?? 3,
                stride: window.whole("stride", in: 1...Limits.stride) ?? 1,
                pooling: window.whole("pooling", in: 1...Limits.pooling) ?? 1,
                decoder: window.choice("decoder", ConvolutionWindow.Decoder.self) ?? .transposed))
    }

    private static func joint(_ section: Section, _ stages: [StageSettings]) -> StageSettings {
        defer { section.finish() }
        return StageReader.readJoint(section, above: stages)
    }

}
