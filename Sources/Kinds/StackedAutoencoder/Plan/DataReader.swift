import PlanFile
import RunProtocol

/// Reads the plan's section `data`.
enum DataReader {
    static func read(_ section: Section) -> DataPlan {
        defer { section.finish() }
        if !section.has("unlabeled") { section.note("unlabeled", "is missing: the file of samples to pretrain on") }
        var plan = DataPlan(
            unlabeled: source(section, "unlabeled"),
            heldOut: section.whole("held_out", in: 1...Limits.samples) ?? 1_000,
            shards: section.whole("shards", in: 1...Limits.shards) ?? 2,
            labeled: section.has("labeled") ? labeled(section.section("labeled")) : nil)
        if section.has("test") { readTest(section, into: &plan) }
        return plan
    }

    /// Samples of their own, or a share of the labeled ones.
    private static func readTest(_ section: Section, into plan: inout DataPlan) {
        let below = section.section("test")
        defer { below.finish() }
        plan.testSplit = below.number("split", in: 0.01...0.99)
        guard below.has("split") else {
            if !below.has("samples") {
                below.note(
                    "samples", "is missing: the file of samples to test on; or `split`, a share of the labeled ones")
            }
            return plan.test = LabeledTest(samples: source(below, "samples"), labels: labels(below))
        }
        for key in ["samples", "labels"] where below.has(key) {
            below.note(key, "cannot stand beside `split`, which takes the test set from the labeled samples")
        }
        if !section.has("labeled") { below.note("split", "needs data.labeled, of which a share is to be set aside") }
    }

    /// A path, or a section with the path and how to read it.
    static func source(_ section: Section, _ key: String) -> SampleSource {
        if section.isText(key) { return SampleSource(path: section.text(key) ?? "") }
        let below = section.section(key)
        defer { if section.has(key) { below.finish() } }
        let path = section.has(key) ? below.requiredText("path", "where the samples are") : ""
        return SampleSource(
            path: path, limit: below.whole("limit", in: 1...Limits.samples),
            divideBy: below.number("divide_by", in: 1e-9...1e9), header: below.flag("header"),
            without: below.texts("without", limit: Limits.planColumns), array: below.text("array"),
            background: below.choice("background", ImageBackground.self))
    }

    private static func labeled(_ section: Section) -> LabeledSource {
        defer { section.finish() }
        if !section.has("samples") { section.note("samples", "is missing: the file of samples that have labels") }
        return LabeledSource(
            samples: source(section, "samples"), labels: labels(section),
            perClass: section.whole("per_class", in: 1...Limits.samples),
            draws: section.whole("draws", in: 1...1_000) ?? 5)
    }

    /// A path, or a section with a path, a column or both, or `folders`.
    private static func labels(_ section: Section) -> LabelSource {
        if !section.has("labels") || section.isText("labels") {
            return .file(path: section.requiredText("labels", "the file with a class for each sample"))
        }
        let below = section.section("labels")
        defer { below.finish() }
        let (path, column) = (below.text("path"), below.text("column"))
        let (header, array) = (below.flag("header"), below.text("array"))
        let own = path.map { LabelSource.file(path: $0, column: column, header: header, array: array) }
        for key in ["header", "array"] where path == nil && below.has(key) {
            below.note(key, "belongs to a file of labels: it needs `path`; for a column of the samples say it there")
        }
        let sources = [own ?? column.map { .column(name: $0) }, below.flag("folders").map { _ in .folders }]
        if below.flag("folders") == false {
            below.note("folders", "can only be true: the subfolders are the classes; else leave it out")
        }
        let found = sources.compactMap(\.self)
        if found.count != 1 {
            section.note(
                "labels",
                "should be the path of a file, or have one of the keys `column`, with a column's name or position,"
                    + " and `folders: true`; `path` may stand beside `column`, `header` and `array`")
        }
        return found.first ?? .folders
    }
}
