import CoordinatorRuntime
import DataFormats
import FoundationEssentials
import Kinds
import PlanFile
import RunProtocol

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
            let estimate = try ModelKinds.standard.kind(of: plan).estimate(of: plan) {
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
        return try ModelKinds.standard.kind(of: plan).paths(of: plan).filter { name in
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
