import ArgumentParser
import CoordinatorRuntime
import DataFormats
import Kinds
import PlanFile
import PrintableText
import RunProtocol

struct PlanCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Validate a plan and report every mistake with its line.",
        discussion: """
            Of the data that the plan names only an array's header, a text file's first lines or a folder's first image \
            is read, to say what the plan takes of memory and disk. Exits with 1 where there are mistakes, or files that \
            are not there.
            """)

    /// What `--json` prints.
    private struct Report: Encodable {
        var plan: Plan?
        var mistakes: [PlanMistake]
        var remarks: [Remark] = []
        var memory: RunMemory?
        var warnings: [String]?
        var missingFiles: [String]?
    }

    @Argument(help: "The plan.") var plan: String
    @Flag(help: "Do not look for the files that the plan names, as where they lie on the coordinator's host alone.")
    var noFiles = false
    @Flag(help: "Print JSON: the plan with all defaults filled in, or the mistakes.") var json = false

    func run() throws {
        let bytes = try FileBytes.read(plan, limit: Limits.planBytes)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandError("\(plan): this is not UTF-8 text; is it a plan?")
        }
        var isComplete = true
        do {
            let checked = try PlanReader.read(text, .standard)
            let outline = StageCompiler.standard.outline(checked)
            let sizes = noFiles ? nil : PlanSizes(checked, planPath: plan)
            let missing = noFiles ? [] : try PlanSizes.missingFiles(of: checked, planPath: plan)
            if json {
                let report = Report(
                    plan: checked, mistakes: [], remarks: outline.remarks, memory: sizes?.memory,
                    warnings: sizes?.warnings, missingFiles: missing)
                try JSONOutput.print(report)
            } else {
                try summarize(checked, outline, isWhole: missing.isEmpty)
                if let sizes { say(lines: sizes.text) }
                for warning in sizes?.warnings ?? [] { say("warning: \(warning)") }
                for file in missing { say("missing: \(file.printable(atMost: 1_000))") }
                if !missing.isEmpty { say("where files lie on the coordinator's host alone, give --no-files") }
            }
            isComplete = missing.isEmpty
        } catch let error as PlanMistakes {
            if json {
                try JSONOutput.print(Report(plan: nil, mistakes: error.mistakes))
            } else {
                say(lines: error)
            }
            throw ExitCode.failure
        }
        guard isComplete else { throw ExitCode.failure }
    }

    private func summarize(_ plan: Plan, _ outline: RunOutline, isWhole: Bool) throws {
        say("\(plan.name): this plan is right\(isWhole ? "" : ", but not all of its files are there")")
        for line in try ModelKinds.standard.kind(of: plan).summary(of: plan) { say(lines: line) }
        for remark in outline.remarks { say(lines: remark.line) }
    }
}
