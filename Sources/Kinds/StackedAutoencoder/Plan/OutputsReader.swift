import PlanFile
import RunProtocol

/// Reads the plan's list `outputs`.
enum OutputsReader {
    static func read(_ top: Section, _ data: DataPlan) -> [OutputPlan]? {
        guard top.has("outputs") else { return nil }
        var known: Set<String> = ["pretrained", "fine-tuned"]
        let sections = top.list("outputs", limit: Limits.outputs)
        if sections.count > Limits.outputs { top.note("outputs", "has more than \(Limits.outputs) entries") }
        return sections.map { section in
            defer { section.finish() }
            let name = section.requiredText("name", "what the export is called")
            if section.has("name"), ExportDescription.Part(rawValue: name) == nil {
                section.note("name", "should have lower-case letters, digits, `-`, `_` and `.` alone")
            }
            if section.has("name"), !known.insert(name).inserted {
                section.note("name", "is the name of another export: \(name)")
            }
            let wantsStatistics = section.flag("statistics") ?? false
            if wantsStatistics, !known.insert(name + "-statistics").inserted {
                section.note("statistics", "would have the name of another export: \(name)-statistics")
            }
            if !section.has("samples") { section.note("samples", "is missing: the samples whose codes are wanted") }
            return OutputPlan(
                name: name, samples: DataReader.source(section, "samples"),
                shards: section.whole("shards", in: 1...Limits.shards) ?? data.shards,
                statistics: wantsStatistics ? true : nil)
        }
    }
}
