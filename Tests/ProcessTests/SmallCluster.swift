import Foundation
import Testing

/// A coordinator and workers on loopback, in a folder of their own, on a plan that takes seconds.
final class SmallCluster {
    let folder: URL
    let plan: URL
    private(set) var coordinator: RunningProcess
    private(set) var workers: [RunningProcess] = []
    private(set) var url: String
    private let options: [String]

    /// - Parameters:
    ///   - options: of the coordinator, beside its address and state.
    ///   - more: of the plan.
    ///   - old: a line of the plan that `new` stands for.
    ///   - descriptors: how many files the coordinator may open; nil for as many as this process.
    ///   - hard: how far it may raise that itself.
    init(
        rounds: Int = 3, options: [String] = ["--lease", "1.5"], more: String = "", descriptors: Int? = nil,
        hard: Int? = nil, replacing old: String = "", by new: String = ""
    ) throws {
        self.options = options
        folder = FileManager.default.temporaryDirectory.appending(path: "cairn-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        plan = folder.appending(path: "plan.yaml")
        let text = Self.plan(rounds: rounds) + "\n" + more
        try (old.isEmpty ? text : text.replacing(old, with: new)).write(to: plan, atomically: true, encoding: .utf8)
        let arguments = ["coordinator", "--state", "state"] + options
        coordinator = try RunningProcess(
            arguments + ["--listen", "127.0.0.1:0"], in: folder, descriptors: descriptors.map { ($0, hard ?? $0) })
        url = ""
        url = try #require(Self.address(of: coordinator), "\(coordinator.said)")
    }

    deinit {
        workers.forEach { $0.kill() }
        coordinator.kill()
        try? FileManager.default.removeItem(at: folder)
    }

    static func plan(rounds: Int) -> String {
        let images = "/usr/share/datasets/fashion-mnist"
        return """
            seed: 5
            data:
              unlabeled: {path: \(images)/train-images-idx3-ubyte.gz, limit: 9000}
              held_out: 300
              shards: 3
              labeled:
                samples: {path: \(images)/train-images-idx3-ubyte.gz, limit: 2000}
                labels: \(images)/train-labels-idx1-ubyte.gz
                per_class: 3
                draws: 2
              test:
                samples: {path: \(images)/t10k-images-idx3-ubyte.gz, limit: 500}
                labels: \(images)/t10k-labels-idx1-ubyte.gz
            layers: [{units: 200}, {units: 120, patience: 2}]
            pretraining: {rounds: \(rounds), replicas: 3, outer_optimizer: nesterov}
            fine_tuning: {epochs: 20}
            """
    }

    private static func address(of coordinator: RunningProcess) -> String? {
        var found: String?
        wait(30) {
            found = coordinator.said.firstMatch(of: /listening on (http:[^\s"]+)/).map { String($0.1) }
            return found != nil || !coordinator.isRunning
        }
        return found
    }

    // MARK: Processes

    func startWorker(slots: Int = 1, options: [String] = []) throws {
        workers.append(
            try RunningProcess(
                ["worker", "--coordinator", url, "--slots", "\(slots)", "--cache", "cache-\(workers.count)"]
                    + options,
                in: folder))
    }

    /// `kill -9` to a worker, and another in its place.
    func replaceWorker(_ index: Int) throws {
        workers[index % workers.count].kill()
        workers.remove(at: index % workers.count)
        try startWorker()
    }

    func stopWorkers() -> [Int32?] {
        defer { workers = [] }
        return workers.map { $0.terminate() }
    }

    /// `kill -9` to the coordinator, and the same command again on the same port.
    func restartCoordinator() throws {
        coordinator.kill()
        let listen = url.replacing("http://", with: "")
        coordinator = try RunningProcess(
            ["coordinator", "--state", "state"] + options + ["--listen", listen], in: folder)
        try #require(Self.address(of: coordinator) == url, "\(coordinator.said)")
    }

    // MARK: Commands

    func cairn(_ arguments: [String]) throws -> Cairn.Ended {
        try Cairn.run(arguments + ["--coordinator", url])
    }

    /// - Parameter other: nil for the cluster's own plan.
    func submit(_ other: URL? = nil) throws -> String {
        let ended = try cairn(["submit", (other ?? plan).path])
        try #require(ended.status == 0, "\(ended.errors)")
        return ended.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func status(_ run: String) throws -> [String: Any] {
        let ended = try cairn(["status", run, "--json"])
        try #require(ended.status == 0, "\(ended.errors)")
        return try #require(JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any])
    }

    /// How many facts of the run are recorded: it grows with every answered task.
    func revision(_ run: String) throws -> Int {
        try #require(try status(run)["revision"] as? Int)
    }

    /// The SHA-256 of both exports, as the files say that are written.
    func exports(_ run: String) throws -> [String] {
        try ["pretrained", "fine-tuned"].map { part in
            let file = folder.appending(path: "\(part).safetensors").path
            let ended = try cairn(["export", run, "--part", part, "--output", file, "--json"])
            try #require(ended.status == 0, "\(ended.errors)")
            let json = try #require(JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any])
            return try #require(json["sha256"] as? String)
        }
    }
}
