import ArgumentParser
import CoordinatorRuntime
import DataFormats
import FoundationEssentials
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
        let text = try LoadedPlan.text(of: plan)
        var isComplete = true
        do {
            let checked = try PlanReader.read(text, Cairn.kinds)
            let outline = Cairn.kinds.compiler.outline(checked)
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
        for line in try Cairn.kinds.kind(of: plan).summary(of: plan) { say(lines: line) }
        for remark in outline.remarks { say(lines: remark.line) }
    }
}

/// What a plan takes, as far as it is known before its data are read.
struct PlanSizes {
    private(set) var memory: RunMemory?
    /// What will be refused, or does not fit this machine.
    private(set) var warnings: [String] = []
    /// Why it is not known.
    private var unknown = ""
    private var isEstimate = false

    /// - Parameter planPath: the plan's file; relative paths of the data start from its folder.
    init(_ plan: Plan, planPath: String) {
        do {
            let estimate = try Cairn.kinds.kind(of: plan).estimate(of: plan) {
                Self.path($0, planPath: planPath)
            }
            isEstimate = estimate.isEstimate
            warnings = estimate.problems.map { "the coordinator will refuse it: \($0)" }
            memory = estimate.run.map {
                RunMemory($0, verifies: plan.verify ?? 0 > 0, dataBytes: estimate.bytes)
            }
            if memory == nil { unknown = "it will be refused" }
        } catch { unknown = "\(error)" }
        let here = AvailableMemory.bytes
        for (name, needed) in [("a task", memory?.workerSlot), ("the coordinator", memory?.coordinator)] {
            guard let needed, needed > here else { continue }
            warnings.append("\(name) needs \(needed.asMemory) of memory; this machine has \(here.asMemory)")
        }
    }

    /// Files and folders that the plan names and that are not there, as it names them.
    static func missingFiles(of plan: Plan, planPath: String) throws -> [String] {
        var known: Set<String> = []
        return try Cairn.kinds.kind(of: plan).paths(of: plan).filter { name in
            known.insert(name).inserted
                && !FileManager.default.fileExists(atPath: path(name, planPath: planPath))
        }
    }

    private static func path(_ name: String, planPath: String) -> String {
        let folder = planPath.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        return name.hasPrefix("/") || folder.isEmpty && !planPath.hasPrefix("/") ? name : folder + "/" + name
    }

    var text: String {
        memory.map { "it takes \(isEstimate ? "about " : "")\($0.text)" }
            ?? "what it takes of memory and disk is not known: \(unknown)"
    }
}
