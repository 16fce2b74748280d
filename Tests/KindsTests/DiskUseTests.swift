import Coordination
import CoordinatorRuntime
import Foundation
import Kinds
import PlanFile
import RunProtocol
import TestSite
import Testing

/// What a run takes on the disk is shown, and bounded as docs/guarantees.md says.
@Suite(.timeLimit(.minutes(3))) struct DiskUseTests {
    /// Header and padding of a blob of weights or an answer.
    private static let overhead = 4_096

    @Test func aRunTakesNoMoreThanItsBound() async throws {
        let site = try Site.stacked()
        let plan = try StackedPlan(yaml: site.plan)
        try await site.living { coordinator in
            let run = try await coordinator.submit(site.submission).id
            let worker = try await coordinator.join()
            var (data, looks) = (0, 0)
            while true {
                let status = try await coordinator.status(of: run, after: nil, waitSeconds: 0)
                if status.state.isFinal { break }
                guard let task = try await coordinator.task(for: worker, within: 0.5) else { continue }
                let bytes = try Self.bytes(site)
                if data == 0 { data = bytes }
                let bound = data + Self.bound(plan, stage: task.id.stage)
                #expect(bytes <= bound, "stage \(task.id.stage), round \(task.id.round): \(bytes) of \(bound) bytes")
                looks += 1
                _ = try await coordinator.answer(task, as: worker)
            }
            #expect(looks > 15)
            let final = try await coordinator.status(of: run, after: nil, waitSeconds: 0)
            #expect(try final.diskBytes == Self.bytes(site))
            #expect(try Self.bytes(site) <= data + Self.bound(plan, stage: 4))
        }
    }

    /// Of blobs that are there.
    private static func bytes(_ site: Site) throws -> Int {
        let root = site.folder.appending(path: "state/blobs").path
        return try site.blobs().reduce(0) { sum, blob in
            let path = "\(root)/\(blob.hex.prefix(2))/\(blob.hex)"
            // It may be deleted just now.
            let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
            return sum + (size ?? 0)
        }
    }

    /// Beside the data.
    private static func bound(_ plan: StackedPlan, stage: Int) -> Int {
        let network = NetworkSpec(inputSize: 4, layers: plan.layers)
        let stages = plan.autoencoderStages
        let weights = stages.map { 4 * $0.parameters(of: network).elementCount + overhead }
        let classifier = 4 * network.classifierParameters(classes: 3).elementCount + overhead
        let draws = 2 * (plan.data.labeled?.draws ?? 0)
        let finished = weights.prefix(stage).reduce(0, +)
        switch stage {
        case stages.indices:
            // Weights of the round and the one before, momentum alike, layers below, and the round's answers.
            let settings = stages[stage].settings
            let rounds = settings.earlyStopping == nil ? 0 : settings.rounds + 1
            return finished * 2 + weights[stage] * (4 + settings.replicas + 1 + rounds)
        case stages.count: return finished * 2 + classifier * draws
        // Classifiers while they are tested: as answers, and as what is tested.
        case stages.count + 1: return finished * 2 + classifier * 2 * draws + overhead * draws
        default: return finished * 2 + classifier
        }
    }
}
