import Coordination
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
    package init(_ plan: Plan, _ network: NetworkSpec, _ data: DataSizes) {
        self.init(
            workerSlot: Self.largestTask(plan, network, data),
            coordinator: StepMemory(plan: plan, network: network, classes: data.classes).largest.bytes,
            disk: data.bytes + Self.disk(plan, network, classes: data.classes))
    }

    init(_ run: RunState, _ manifest: DataManifest, dataBytes: Int) {
        self.init(
            run.plan, run.network,
            DataSizes(
                samples: manifest.shards.reduce(manifest.heldOut.count) { $0 + $1.count },
                labeled: manifest.draws.map(\.samples.count).max() ?? 0, tested: manifest.test?.samples.count ?? 0,
                classes: manifest.classes, bytes: dataBytes))
    }

    private static func largestTask(_ plan: Plan, _ network: NetworkSpec, _ data: DataSizes) -> Int {
        let (shards, heldOut) = (max(plan.data.shards, 1), plan.data.heldOut)
        let inShard = max((data.samples - heldOut + shards - 1) / shards, 1)
        let blob = Digest(of: [])
        func samples(_ count: Int) -> SampleSet {
            SampleSet(digest: blob, count: max(count, 1), size: network.inputSize, divisor: 1)
        }
        var tasks = plan.autoencoderStages.flatMap { stage -> [Work] in
            let frozen = stage.layer == 0 ? nil : blob
            return [
                .train(
                    stage.training(
                        of: network, frozen: frozen, start: blob, on: samples(inShard), round: 1, seed: 0)),
                .evaluate(stage.measuring(of: network, frozen: frozen, weights: blob, on: samples(heldOut))),
            ]
        }
        if let settings = plan.fineTuning, data.classes > 0 {
            let labeled = LabeledBlobs(samples: samples(data.labeled), labels: blob)
            let unlabeled = settings.pseudoLabels.map {
                [SampleSet](repeating: samples(inShard), count: $0.shards ?? shards)
            }
            tasks += (settings.compareFromScratch ? [blob, nil] : [blob]).map { stack in
                .train(
                    settings.training(
                        of: network, classes: data.classes, stack: stack, on: labeled, unlabeled: unlabeled ?? [],
                        seed: 0))
            }
            let test = LabeledBlobs(samples: samples(data.tested), labels: blob)
            tasks.append(.evaluate(network.testing(classes: data.classes, weights: blob, on: test)))
        }
        return tasks.map { (try? $0.memory) ?? 0 }.max() ?? 0
    }

    /// Weights of the round and the one before, momentum alike, layers below, and the updates of the round: as
    /// docs/guarantees.md says.
    private static func disk(_ plan: Plan, _ network: NetworkSpec, classes: Int) -> Int {
        let stages = plan.autoencoderStages
        let weights = stages.map { 4 * $0.parameters(of: network).elementCount }
        let updates = plan.verify ?? 0 > 0 ? 2 : 1
        var finished = 0
        var most = 0
        for (stage, weight) in zip(stages, weights) {
            let kept = stage.settings.earlyStopping == nil ? 0 : stage.settings.rounds + 1
            most = max(most, finished * 2 + weight * (4 + stage.settings.replicas * updates + 1 + kept))
            finished += weight
        }
        let classifier = 4 * network.classifierParameters(classes: classes).elementCount
        let draws = 2 * (plan.data.labeled?.draws ?? 0)
        return max(most, finished * 2 + classifier * max(2 * draws * updates, 1))
    }
}
