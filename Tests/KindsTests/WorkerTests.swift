import CoordinatorRuntime
import Foundation
import Kinds
import ModelFormat
import PlanFile
import RunProtocol
import TestSite
import Testing
import WorkerRuntime

/// What workers make of stacked autoencoders.
@Suite(.timeLimit(.minutes(5))) struct WorkerTests {
    private let site: Site

    init() throws {
        site = try Site.stacked()
    }

    /// - Parameters:
    ///   - pretraining: more of its keys.
    ///   - fineTuning: more of its keys.
    ///   - top: more layers.
    private func submission(_ pretraining: String, fineTuning: String, top: String) -> RunSubmission {
        let plan = """
            data:
              unlabeled: samples.idx
              held_out: 10
              shards: 3
              labeled: {samples: samples.idx, labels: labels.idx, per_class: 2, draws: 2}
              test: {samples: samples.idx, labels: labels.idx}
            layers: [{units: 3}, {units: 2, patience: 2}\(top)]
            pretraining: {rounds: 3, replicas: 3, batch_size: 4\(pretraining)}
            fine_tuning: {epochs: 3, batch_size: 4\(fineTuning)}
            """
        return RunSubmission(plan: plan, folder: site.folder.path)
    }

    /// Runs the plan with these workers to its end.
    private func run(
        state: String, pretraining: String = "",
        fineTuning: String = "", top: String = "", _ workers: (Coordinator) -> [Worker]
    ) async throws -> RunStatus {
        let coordinator = try await site.coordinator(state: state)
        let life = Task { try await coordinator.run() }
        let workers = workers(coordinator)
        let threads = workers.map { $0.start() }
        let run = try await coordinator.submit(submission(pretraining, fineTuning: fineTuning, top: top)).id
        let status = try await end(of: run, coordinator)
        workers.forEach { $0.stop() }
        for thread in threads { try await thread.value }
        life.cancel()
        try await life.value
        return status
    }

    private func end(of run: RunID, _ coordinator: Coordinator) async throws -> RunStatus {
        var status = try await coordinator.status(of: run, after: nil, waitSeconds: 0)
        while !status.state.isFinal {
            status = try await coordinator.status(of: run, after: status.revision, waitSeconds: 5)
        }
        return status
    }

    private func reference() async throws -> [ExportDescription] {
        let status = try await run(state: "reference") { [Worker.with(LocalConnection($0))] }
        #expect(status.state == .finished, "\(status.reason ?? "")")
        return status.exports
    }

    /// On codes that the cache keeps, and on whole samples.
    @Test(arguments: ["encoder_learning_rate: 0, input_dropout: 0", "layer_rate_decay: 0.5, validation_per_class: 1"])
    func selfTrainingGivesTheSameExports(keys: String) async throws {
        let tuning = ", \(keys), pseudo_labels: {rounds: 2, batch_size: 8, confidence: 0.3}"
        let sparse = ", top_k: 1, salt_and_pepper: 0.1, revive_dead_units: true"
        var exports: Set<[ExportDescription]> = []
        for slots in [1, 3] {
            let status = try await run(state: "slots-\(slots)", pretraining: sparse, fineTuning: tuning) {
                [Worker.with(LocalConnection($0), slots: slots)]
            }
            #expect(status.state == .finished, "\(status.reason ?? "")")
            let metrics = status.stages[0].history.map(\.metrics)
            #expect(metrics.contains { ($0["keptShare"] ?? 1) <= 1 / 3 && $0["unusedUnits"] != nil })
            exports.insert(status.exports)
        }
        #expect(exports.count == 1)
    }

    /// Encoders below stay, their decoders go on learning; a third layer on codes leaves both.
    @Test(arguments: ["samples", "codes"]) func aLayerMayGiveBackTheSamples(target: String) async throws {
        var models: [Model] = []
        for top in ["", ", {units: 2, target: \(target), rounds: 2, output_activation: tanh}"] {
            let state = "layers\(top.count)"
            let status = try await run(state: state, top: top) { [Worker.with(LocalConnection($0), slots: 2)] }
            #expect(status.state == .finished, "\(status.reason ?? "")")
            let digest = try #require(status.exports.first { $0.part == .pretrained }).digest.hex
            let path = site.folder.appending(path: "\(state)/blobs/\(digest.prefix(2))/\(digest)")
            models.append(try ModelKinds.standard.model(decoding: [UInt8](try Data(contentsOf: path)), path: path.path))
        }
        let (two, three) = (models[0].byName, models[1].byName)
        for (name, values) in two {
            let isSame = target == "codes" || name.hasPrefix("encoder")
            #expect((values == three[name]) == isSame, "\(name)")
        }
        #expect(three.count == 12 && models[1].description.graph.nodes.count { $0.name.hasPrefix("decoder") } == 3)
    }

    @Test func whereCodesAreKeptChangesNothing() async throws {
        let expected = try await reference()
        let cache = site.folder.appending(path: "cache").path
        func codeFiles() -> Int { (try? FileManager.default.contentsOfDirectory(atPath: cache + "/codes").count) ?? 0 }
        // All in memory; some of them; none, all in files; the same files again; nowhere.
        for (place, bytes, files) in [
            (cache, 1 << 20, 0...0), (cache, 150, 1...4), (cache, 0, 4...4), (cache, 0, 4...4), ("", 0, 4...4),
        ] {
            let status = try await run(state: "\(UUID())") {
                [Worker.with(LocalConnection($0), slots: 2, cacheFolder: place, cacheBytes: bytes)]
            }
            #expect(status.exports == expected)
            #expect(files.contains(codeFiles()), "\(codeFiles()) files with \(bytes) bytes of memory")
        }
    }
}

extension Model {
    fileprivate var byName: [String: ArraySlice<Float>] {
        var rest = weights[...]
        return description.parameters.reduce(into: [:]) { tensors, parameter in
            tensors[parameter.name] = rest.prefix(parameter.count)
            rest = rest.dropFirst(parameter.count)
        }
    }
}
