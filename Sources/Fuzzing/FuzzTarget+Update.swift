import Averaging
import Coordination
import DataFormats
import FoundationEssentials
import Kinds
import RunProtocol
import Simulation
import UpdateFiles

extension FuzzTarget {
    /// Every task of a small run, by its name: of all kinds, each with few numbers.
    private static let tasks: [TaskID: TaskDescription] = {
        guard let run = RunID(rawValue: "run-fuzz") else { return [:] }
        var plan = Scenario.stackedPlan()
        plan.fineTuning?.pseudoLabels = PseudoLabels(rounds: 2)
        plan.fineTuning?.validationPerClass = 1
        let scenario = Scenario(stacked: plan)
        var state = RunState(id: run, plan: scenario.plan, compiler: scenario.compiler)
        var tasks: [TaskID: TaskDescription] = [:]
        for event in Example.undisturbed(scenario, run) {
            state.apply(event)
            for task in state.openTasks.compactMap(state.describeTask) { tasks[task.id] = task }
        }
        return tasks
    }()

    /// As a coordinator does: looks at the answer, writes it down, adds its numbers.
    static func readUpdate(_ bytes: UnsafeRawBufferPointer) throws {
        if let (task, result) = try accepted({ try UpdateFormat.decode(Data(bytes)) }) {
            let again = try UpdateFormat.decode(UpdateFormat.encode(task: task, result: result))
            let isSame = again.task == task && again.result.figures == result.figures
            try promise(isSame && again.result.vector.hasBits(of: result.vector), "it is another when encoded again")
        }
        try MemoryFile.with(bytes) { path in
            guard let named = try accepted({ try UpdateFile(path, limitBytes: .max).preamble.header.task }),
                let task = tasks[named] ?? tasks.values.first
            else { return }
            let upload = UploadedFile(path: path, bytes: bytes.count, digest: Digest(of: Data(bytes)))
            if let completion = try accepted({ try UpdateInspection.inspect(upload, answering: task) }) {
                try check(completion, path, task)
            }
        }
    }

    private static func check(_ completion: TaskCompletion, _ path: String, _ task: TaskDescription) throws {
        try promise(completion.task == task.id, "it answers \(completion.task), not \(task.id)")
        try promise(try throughJSON(completion) == completion, "its fact is another when it is read again")
        let file = try UpdateFile(path, limitBytes: .max)
        let samples = completion.figures.samples
        var sum = ExactSum(elementCount: task.elementCount, totalSamples: samples)
        try sum.add(elementCount: file.preamble.elementCount, samples: samples) { try file.forEachPart($0) }
        let limit = Limits.updateMagnitude
        try promise(sum.mean().allSatisfy { $0.magnitude <= limit }, "its mean is beyond the limit")
    }
}
