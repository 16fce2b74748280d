package import RunProtocol
import Training

extension RunMemory {
    package init(_ run: CompiledRun, verifies: Bool, dataBytes: Int) {
        self.init(
            workerSlot: run.stages.map(\.largestTask).max() ?? 0, coordinator: StepMemory(run: run).largest.bytes,
            disk: dataBytes + run.diskBytes(verifies: verifies))
    }
}

extension Stage {
    /// What a task takes of a worker's memory at most, in bytes.
    fileprivate var largestTask: Int {
        let works = exampleTasks.map { exampleWork(ofTask: $0.index) } + [exampleMeasurement].compactMap(\.self)
        return works.map { (try? $0.memory) ?? 0 }.max() ?? 0
    }

    /// How many numbers all its tasks' results have.
    fileprivate var resultElements: Int {
        exampleTasks.reduce(0) { $0 + $1.count * exampleWork(ofTask: $1.index).elementCount }
    }
}

extension CompiledRun {
    /// Weights of the round and the one before, momentum alike, layers below, and the updates of the round: as
    /// docs/guarantees.md says.
    fileprivate func diskBytes(verifies: Bool) -> Int {
        let updates = verifies ? 2 : 1
        // Of stages that have ended: their weights, and the results that they have collected.
        var (ended, collected, most) = (0, 0, 0)
        for stage in stages {
            let opened = ([stage.frozen].compactMap(\.self) + stage.starts).reduce(0) {
                $0 + $1.parameters.elementCount
            }
            let results = stage.resultElements * updates
            switch stage.reduction {
            case .average(_, let stopping):
                let weights = stage.parameters.elementCount
                let kept = stopping == nil ? 0 : stage.rounds + 1
                most = max(most, 2 * ended + collected + weights * (5 + kept) + results)
                ended += weights
            case .collect:
                most = max(most, 2 * ended + collected + opened + results)
                collected += results
            }
        }
        let exported = exports.reduce(0) { $0 + $1.elementCount }
        return 4 * max(most, ended + collected + exported)
    }
}
