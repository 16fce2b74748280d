import CoordinatorRuntime
import DataFormats
import FoundationEssentials
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
            let path = Self.path(plan.data.unlabeled.path, planPath: planPath)
            let header = try SampleFile.header(path, ReadingOptions(plan.data.unlabeled))
            isEstimate = header.isEstimate
            estimate(plan, header)
        } catch {
            unknown = "\(error)"
        }
    }

    /// Files and folders that the plan names and that are not there, as it names them.
    static func missingFiles(of plan: Plan, planPath: String) -> [String] {
        var known: Set<String> = []
        return plan.paths.filter { name in
            known.insert(name).inserted
                && !FileManager.default.fileExists(atPath: path(name, planPath: planPath))
        }
    }

    private static func path(_ name: String, planPath: String) -> String {
        let folder = planPath.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        return name.hasPrefix("/") || folder.isEmpty && !planPath.hasPrefix("/") ? name : folder + "/" + name
    }

    private mutating func estimate(_ plan: Plan, _ header: SampleHeader) {
        let (size, shape) = (header.sampleShape.reduce(1, *), header.sampleShape)
        var samples = min(header.count, plan.data.unlabeled.limit ?? .max)
        if isEstimate { samples = max(samples, plan.data.heldOut + plan.data.shards) }
        let network = NetworkSpec(inputSize: size, image: ImageShape(shape), layers: plan.layers)
        do {
            try plan.checkSizes(of: network, samples: samples)
        } catch {
            warnings.append("the coordinator will refuse it: \(error)")
        }
        guard network.problem == nil, size <= Limits.sampleSize, samples > plan.data.heldOut else {
            unknown = "it will be refused"
            return
        }
        // How many classes there are the labels say; they make little difference.
        let memory = RunMemory(
            plan, network,
            .init(
                samples: samples, labeled: plan.data.labeled?.perClass.map { $0 * 10 } ?? 1_000, tested: 1_000,
                classes: plan.fineTuning == nil ? 0 : 10, bytes: samples * size * header.numberBytes))
        self.memory = memory
        let here = AvailableMemory.bytes
        for (name, needed) in [("a task", memory.workerSlot), ("the coordinator", memory.coordinator)]
        where needed > here {
            warnings.append("\(name) needs \(needed.asMemory) of memory; this machine has \(here.asMemory)")
        }
    }

    var text: String {
        memory.map { "it takes \(isEstimate ? "about " : "")\($0.text)" }
            ?? "what it takes of memory and disk is not known: \(unknown)"
    }
}
