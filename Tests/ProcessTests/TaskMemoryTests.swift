import Foundation
import Testing

/// What a plan is said to take, beside what real processes took.
@Suite(.serialized, .timeLimit(.minutes(10))) struct TaskMemoryTests {
    private static let megabyte = 1 << 20

    /// A plan's data, layers and the rest; of samples of 32 x 32 x 2 numbers.
    struct Example: CustomTestStringConvertible {
        let testDescription: String
        var layers: String
        var pretraining: String
        var more = ""
    }

    static let examples = [
        Example(
            testDescription: "dense", layers: "[{units: 2500}]", pretraining: "{rounds: 1, replicas: 1, batch_size: 64}"
        ),
        Example(
            testDescription: "dense, momentum", layers: "[{units: 3000}]",
            pretraining: "{rounds: 2, replicas: 2, optimizer: sgd, outer_optimizer: nesterov}"),
        Example(
            testDescription: "top_k, large batches", layers: "[{units: 3000, top_k: 20}]",
            pretraining: "{rounds: 1, replicas: 1, batch_size: 1000}"),
        Example(
            testDescription: "convolutional",
            layers: "[{convolution: {channels: 128, kernel: 5, stride: 4}},"
                + " {convolution: {channels: 1024, kernel: 7, stride: 4}}]",
            pretraining: "{rounds: 1, replicas: 1, batch_size: 100}"),
        Example(
            testDescription: "joint training", layers: "[{units: 2000}, {units: 1500}]",
            pretraining: "{rounds: 1, replicas: 1}", more: "joint_training: {rounds: 1}\n"),
        Example(
            testDescription: "fine-tuning", layers: "[{units: 1500}, {units: 2000}]",
            pretraining: "{rounds: 1, replicas: 1}",
            more: "fine_tuning: {epochs: 1, encoder_learning_rate: 0.001, validation_per_class: 2}\n"),
    ]

    @Test(arguments: examples) func aPlanTakesWhatItIsSaidToTake(_ example: Example) throws {
        let cluster = try SmallCluster(options: [])
        try MemoryData.write(to: cluster.folder, samples: 1_100)
        let labeled = "labeled: {samples: samples.npy, labels: labels.npy, per_class: 10}"
        let test = "test: {samples: samples.npy, labels: labels.npy}"
        let data =
            "unlabeled: samples.npy, held_out: 100, shards: 1"
            + (example.more.contains("fine_tuning") ? ", \(labeled), \(test)" : "")
        let plan = """
            data: {\(data)}
            layers: \(example.layers)
            pretraining: \(example.pretraining)
            \(example.more)
            """
        try plan.write(to: cluster.plan, atomically: true, encoding: .utf8)
        let before = try #require(cluster.coordinator.peakBytes)
        let run = try cluster.submit()
        var memory: [String: Any]?
        wait(60) {
            memory = try? cluster.status(run)["memory"] as? [String: Any]
            return memory != nil
        }
        let slot = try #require(memory?["workerSlot"] as? Int)
        let coordinator = try #require(memory?["coordinator"] as? Int)
        try cluster.startWorker()
        #expect(try cluster.cairn(["watch", run]).status == 0)

        // The program, its libraries and the mapped shard.
        let idle = 48 * Self.megabyte + 1_000 * MemoryData.size
        let peak = try #require(cluster.workers[0].peakBytes) - idle
        print(example.testDescription, "slot", slot >> 20, "peak", peak >> 20)
        #expect(Double(peak) < Double(slot) * 1.1, "\(peak >> 20) MiB, said to be \(slot >> 20)")
        #expect(Double(peak) > Double(slot) * 0.75, "\(peak >> 20) MiB, said to be \(slot >> 20)")
        let more = try #require(cluster.coordinator.peakBytes) - before
        print(example.testDescription, "coordinator", coordinator >> 20, "peak", more >> 20)
        #expect(Double(more) < Double(coordinator) * 1.1, "\(more >> 20) MiB, said to be \(coordinator >> 20)")
    }
}

/// Samples of 32 x 32 x 2 bytes and their labels, ten classes.
enum MemoryData {
    static let size = 32 * 32 * 2

    static func write(to folder: URL, samples: Int) throws {
        var bytes = [UInt8](repeating: 0, count: samples * size)
        var state: UInt32 = 1
        for index in bytes.indices {
            state = state &* 1_664_525 &+ 1_013_904_223
            bytes[index] = UInt8(state >> 24) / 2 + UInt8(index / size % 10) * 12
        }
        try npy("|u1", "\(samples), 32, 32, 2", bytes).write(to: folder.appending(path: "samples.npy"))
        let labels = (0..<samples).flatMap { index -> [UInt8] in [UInt8(index % 10), 0, 0, 0] }
        try npy("<i4", "\(samples),", labels).write(to: folder.appending(path: "labels.npy"))
    }

    private static func npy(_ type: String, _ shape: String, _ numbers: [UInt8]) -> Data {
        var header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(shape)), }"
        header += String(repeating: " ", count: 117 - header.utf8.count) + "\n"
        return Data([0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(header.utf8) + numbers)
    }
}
