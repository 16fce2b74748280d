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
        var tasks = plan.autoencoderStages.flatMap { stage in
            [
                TaskMemory.pretraining(
                    network, layer: stage.layer, decoders: stage.decoders, settings: stage.settings, samples: inShard),
                TaskMemory.measuring(
                    network, layer: stage.layer, decoders: stage.decoders, settings: stage.settings,
                    samples: max(heldOut, 1)),
            ]
        }
        if let settings = plan.fineTuning, data.classes > 0 {
            let guessed = settings.pseudoLabels.map { ($0.shards ?? shards) * inShard } ?? 0
            tasks += [true, settings.compareFromScratch ? false : true].map {
                TaskMemory.fineTuning(
                    network, classes: data.classes, settings: settings, startsTrained: $0,
                    labeled: max(data.labeled, 1), unlabeled: guessed)
            }
            tasks.append(TaskMemory.classifying(network, classes: data.classes, samples: max(data.tested, 1)))
        }
        return tasks.max() ?? 0
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
