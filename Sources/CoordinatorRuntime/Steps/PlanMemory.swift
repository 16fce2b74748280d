import Kinds
package import RunProtocol
import Training

extension RunMemory {
    /// How much there is of a plan's data.
    package struct DataSizes: Sendable {
        /// Unlabeled samples, those held out among them.
        package var samples: Int
        package var labeled: Int
        package var tested: Int
        package var classes: Int
        /// On the disk, once they are cut.
        package var bytes: Int

        package init(samples: Int, labeled: Int, tested: Int, classes: Int, bytes: Int) {
            self.samples = samples
            self.labeled = labeled
            self.tested = tested
            self.classes = classes
            self.bytes = bytes
        }
    }

    /// What `plan` takes where its samples are as `network` says.
    package init(_ plan: Plan, _ network: NetworkSpec, _ data: DataSizes, compiler: StageCompiler = .all) {
        self.init(
            compiler.compile(plan, DataManifest(ofSize: data, plan, network)), verifies: plan.verify ?? 0 > 0,
            dataBytes: data.bytes)
    }

    init(_ run: CompiledRun, verifies: Bool, dataBytes: Int) {
        self.init(
            workerSlot: run.stages.map(\.largestTask).max() ?? 0, coordinator: StepMemory(run: run).largest.bytes,
            disk: dataBytes + run.diskBytes(verifies: verifies))
    }
}

extension DataManifest {
    /// As it would be for so much data, but for the digests.
    init(ofSize data: RunMemory.DataSizes, _ plan: Plan, _ network: NetworkSpec) {
        let blob = Digest(of: [])
        func samples(_ count: Int) -> SampleSet {
            SampleSet(digest: blob, count: max(count, 1), size: network.inputSize, divisor: 1)
        }
        let shards = max(plan.data.shards, 1)
        let inShard = (data.samples - plan.data.heldOut + shards - 1) / shards
        func labeled(_ count: Int) -> LabeledBlobs { LabeledBlobs(samples: samples(count), labels: blob) }
        let replicas = plan.fineTuning?.replicas ?? 1
        let draws = data.classes > 0 ? (plan.data.labeled?.draws ?? 0) * replicas : 0
        self.init(
            planHash: blob, inputSize: network.inputSize, image: network.image,
            shards: [SampleSet](repeating: samples(inShard), count: shards), heldOut: samples(plan.data.heldOut),
            draws: [LabeledBlobs](repeating: labeled(data.labeled.divided(by: replicas)), count: draws),
            test: draws > 0 ? labeled(data.tested) : nil, classes: data.classes)
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
