import Foundation
import Testing

/// The weights of a run depend on its plan and data alone, whatever happens to the processes.
@Suite(.serialized, .timeLimit(.minutes(10))) struct SameBitsTests {
    /// The SHA-256 of both exports as `cairn pretrain` writes them.
    private func reference(_ cluster: SmallCluster) throws -> [String] {
        let output = cluster.folder.appending(path: "reference").path
        let ended = try Cairn.run(["pretrain", cluster.plan.path, "--output", output, "--quiet", "--json"])
        try #require(ended.status == 0, "\(ended.errors)")
        let summary = try #require(JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any])
        let digests = try #require(summary["sha256"] as? [String: String])
        return try [#require(digests["pretrained"]), #require(digests["fine-tuned"])]
    }

    @Test func oneWorkerThreeWorkersAndNoneGiveTheSameFiles() throws {
        let cluster = try SmallCluster()
        let expected = try reference(cluster)

        try cluster.startWorker()
        let first = try cluster.submit()
        #expect(try cluster.cairn(["watch", first]).status == 0)
        #expect(try cluster.exports(first) == expected)

        try cluster.startWorker()
        try cluster.startWorker(slots: 2)
        let second = try cluster.submit()
        #expect(try cluster.cairn(["watch", second]).status == 0)
        #expect(try cluster.exports(second) == expected)
        #expect(cluster.stopWorkers() == [0, 0, 0])
    }

    @Test func workersAndCoordinatorKilledGiveTheSameFiles() throws {
        let cluster = try SmallCluster(rounds: 5)
        let expected = try reference(cluster)
        for _ in 0..<3 { try cluster.startWorker() }
        let run = try cluster.submit()

        // After so many facts, something is killed; a killed coordinator must go on from the same facts.
        for (index, facts) in [3, 6, 9, 12, 18, 24].enumerated() {
            try wait(60) { try cluster.revision(run) >= facts }
            try cluster.replaceWorker(index)
            guard index == 1 || index == 4 else { continue }
            let before = try cluster.revision(run)
            try cluster.restartCoordinator()
            #expect(try cluster.revision(run) >= before)
        }
        #expect(try cluster.cairn(["watch", run]).status == 0)
        #expect(try cluster.exports(run) == expected)
        let status = try cluster.status(run)
        #expect(status["state"] as? String == "finished")
    }

    /// A trial's labels learnt by several tasks a round, and codes of samples computed by tasks.
    @Test func labelsAndCodesInPartsGiveTheSameFiles() throws {
        let images = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz"
        let more = """
            fine_tuning: {epochs: 4, rounds: 2, replicas: 3, encoder_learning_rate: 0.0003, validation_per_class: 1}
            outputs:
              - {name: codes, samples: {path: \(images), limit: 700}, shards: 3, statistics: true}
            """
        let cluster = try SmallCluster(rounds: 1, replacing: "fine_tuning: {epochs: 20}", by: more)
        let output = cluster.folder.appending(path: "reference")
        let ended = try Cairn.run(["pretrain", cluster.plan.path, "--output", output.path, "--quiet"])
        try #require(ended.status == 0, "\(ended.errors)")
        let names = ["weights.safetensors", "classifier.safetensors", "codes.npy", "codes-statistics.npy"]
        func files(_ folder: URL) throws -> [Data] {
            try names.map { try Data(contentsOf: folder.appending(path: $0)) }
        }
        let expected = try files(output)
        #expect(expected[2].count == 128 + 700 * 120 * 4 && expected[3].count == 128 + 4 * 120 * 4)

        for workers in [1, 3] {
            while cluster.workers.count < workers { try cluster.startWorker() }
            let run = try cluster.submit()
            #expect(try cluster.cairn(["watch", run]).status == 0)
            let folder = cluster.folder.appending(path: "results-\(workers)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            #expect(try cluster.cairn(["export", run, "--output", folder.path]).status == 0)
            #expect(try files(folder) == expected)
            let one = cluster.folder.appending(path: "one.npy")
            #expect(try cluster.cairn(["export", run, "--part", "codes", "--output", one.path]).status == 0)
            #expect(try Data(contentsOf: one) == expected[2])
        }
    }

    #if arch(x86_64)
        @Test func workersThatAreComparedGiveTheSameFiles() throws {
            let cluster = try SmallCluster(rounds: 2, more: "verify: 0.5\ninstruction_set: sse41\n")
            let expected = try reference(cluster)
            let run = try cluster.submit()
            try cluster.startWorker()
            let reason = "it waits for workers that compute with sse41: start them with --instruction-set sse41"
            #expect(try wait(60) { try cluster.status(run)["reason"] as? String == reason })
            for _ in 0..<2 { try cluster.startWorker(options: ["--instruction-set", "sse41"]) }
            #expect(try cluster.cairn(["watch", run]).status == 0)
            #expect(try cluster.exports(run) == expected)
            let events = try cluster.cairn(["events", run]).output
            #expect(events.matches(of: /came to the same/).count > 3, "\(events)")
            #expect(!events.contains("came to something else"))
        }
    #endif

    @Test func killedWhileTheDataAreCutTheRunGoesOn() throws {
        let cluster = try SmallCluster(rounds: 1)
        let expected = try reference(cluster)
        let run = try cluster.submit()
        try cluster.restartCoordinator()
        try cluster.startWorker(slots: 2)
        #expect(try cluster.cairn(["watch", run]).status == 0)
        #expect(try cluster.exports(run) == expected)
    }
}
