import ArgumentParser
import CoordinatorRuntime
import DataFormats
import PlanFile
import RunProtocol

/// `cairn plan check`
struct PlanCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Validate a plan and report every mistake with its line.",
        discussion: """
            Of the data that the plan names only the header of an IDX or NPY file is read, where it is there: then it is \
            said what the plan takes of memory and disk. Exits with 1 where there are mistakes.
            """)

    /// What `--json` prints.
    private struct Report: Encodable {
        var plan: Plan?
        var mistakes: [PlanMistake]
        var remarks: [Remark] = []
        var memory: RunMemory?
        var warnings: [String]?
    }

    @Argument(help: "The plan.") var plan: String
    @Flag(help: "Print JSON: the plan with all defaults filled in, or the mistakes.") var json = false

    func run() throws {
        let bytes = try FileBytes.read(plan, limit: Limits.planBytes)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandError("\(plan): this is not UTF-8 text; is it a plan?")
        }
        do throws(PlanMistakes) {
            let checked = try PlanReader.read(text)
            let sizes = PlanSizes(checked, planPath: plan)
            if json {
                let report = Report(
                    plan: checked, mistakes: [], remarks: checked.remarks, memory: sizes.memory,
                    warnings: sizes.warnings)
                try? JSONOutput.print(report)
            } else {
                summarize(checked)
                say(lines: sizes.text)
                for warning in sizes.warnings { say("warning: \(warning)") }
            }
        } catch {
            if json {
                try JSONOutput.print(Report(plan: nil, mistakes: error.mistakes))
            } else {
                say(lines: error)
            }
            throw ExitCode.failure
        }
    }

    private func summarize(_ plan: Plan) {
        say("\(plan.name): this plan is right")
        for stage in plan.autoencoderStages {
            let top = plan.layers[stage.layer + stage.decoders.count - 1]
            say(
                "\(stage.name): \(top.description), \(stage.settings.rounds) rounds of \(stage.settings.replicas) tasks,"
                    + " L1 \(stage.settings.l1), \(stage.settings.loss.rawValue)"
                    + (stage.frozenEncoders > 0 ? " of the samples" : ""))
        }
        if let labeled = plan.data.labeled, plan.fineTuning != nil {
            let examples = labeled.perClass.map { "\($0) labeled examples of each class" } ?? "all labeled examples"
            say("fine-tuning: \(labeled.draws) draws of \(examples)")
        }
        for remark in plan.remarks { say(lines: remark.line) }
    }
}

extension LayerSpec {
    fileprivate var description: String {
        guard let window else { return "\(units) \(activation.rawValue) units" }
        return "\(units) \(activation.rawValue) channels of \(window.kernel) x \(window.kernel)"
    }
}
