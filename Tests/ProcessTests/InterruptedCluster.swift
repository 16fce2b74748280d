import Foundation
import FoundationNetworking
import RunProtocol
import Testing

/// A coordinator that kills itself at the writes in `points`, and what a test asks it.
final class InterruptedCluster {
    let folder: URL
    private let list: URL
    private let port: Int
    private let state: String
    private let nonce = WorkerRegistration.freshNonce()

    /// - Parameter more: of the plan.
    init(state: String = "state", more: String = "") throws {
        self.state = state
        planText = Self.plan + "instruction_set: \(Self.instructionSet)\n" + more
        folder = FileManager.default.temporaryDirectory.appending(path: "cairn-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        list = folder.appending(path: "points")
        port = Int.random(in: 20_000..<30_000)
        let samples = (0..<60 * 16).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 >> 3) }
        try Data([0, 0, 8, 2, 0, 0, 0, 60, 0, 0, 0, 16] + samples).write(to: folder.appending(path: "samples.idx"))
        try Data([0, 0, 8, 1, 0, 0, 0, 60] + (0..<60).map { UInt8($0 % 3) })
            .write(to: folder.appending(path: "labels.idx"))
        try Data(planText.utf8).write(to: folder.appending(path: "plan.yaml"))
        points = []
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    let planText: String
    /// Enough rounds that a write which comes once a round is met before and after.
    private static let plan = """
        data:
          unlabeled: samples.idx
          held_out: 10
          shards: 3
          labeled: {samples: samples.idx, labels: labels.idx, per_class: 2, draws: 2}
          test: {samples: samples.idx, labels: labels.idx}
        layers: [{units: 6}, {units: 4, patience: 9}]
        pretraining: {rounds: 8, replicas: 2, outer_optimizer: nesterov}
        fine_tuning: {epochs: 2}

        """

    /// Where the coordinator still will be killed.
    var points: Set<String> {
        get {
            let text = (try? String(contentsOf: list, encoding: .utf8)) ?? ""
            return Set(text.split(separator: "\n").map(String.init))
        }
        set { try? Data(newValue.sorted().joined(separator: "\n").utf8).write(to: list) }
    }

    // MARK: Processes

    func coordinator(_ options: [String] = []) throws -> RunningProcess {
        try RunningProcess(
            [
                list.path, "coordinator", "--state", state, "--lease", "2", "--listen", "127.0.0.1:\(port)", "--plan",
                "plan.yaml",
            ] + options,
            in: folder, program: "cairn-interrupted")
    }

    /// Answers are compared among workers that compute alike: these do on every processor.
    #if arch(x86_64)
        private static let instructionSet = "sse41"
    #else
        private static let instructionSet = "neon"
    #endif

    func worker() throws -> RunningProcess {
        try RunningProcess(
            [
                "worker", "--coordinator", "http://127.0.0.1:\(port)", "--slots", "1", "--cache", "cache",
                "--instruction-set", Self.instructionSet,
            ], in: folder)
    }

    /// Starts the coordinator again and again and asks it the same, until it has been killed at all points; what it cannot
    /// answer because it dies is no failure.
    func whileKilled(_ body: (_ url: String) throws -> Void) throws {
        for _ in 0...points.count {
            let before = points
            let coordinator = try coordinator()
            defer { coordinator.kill() }
            try #require(wait(30) { coordinator.said.contains("listening on http") || !coordinator.isRunning })
            do {
                try body("http://127.0.0.1:\(port)")
            } catch is CallFailure {
                try #require(wait(10) { !coordinator.isRunning }, "\(coordinator.said)")
            }
            if before.isEmpty { return }
            try #require(wait(10) { !coordinator.isRunning }, "\(before) \(coordinator.said)")
            #expect(points.count == before.count - 1)
        }
    }

    func reference() throws -> [Data] {
        let output = folder.appending(path: "reference").path
        let ended = try Cairn.run(["pretrain", folder.appending(path: "plan.yaml").path, "--output", output, "--quiet"])
        try #require(ended.status == 0, "\(ended.errors)")
        return try ["weights", "classifier"].map {
            try Data(contentsOf: URL(filePath: "\(output)/\($0).safetensors"))
        }
    }

    /// - Parameter run: nil where there is only one.
    func exports(of run: String? = nil) throws -> [Data] {
        let coordinator = try coordinator()
        defer { coordinator.kill() }
        try #require(wait(30) { coordinator.said.contains("listening on http") }, "\(coordinator.said)")
        let url = "http://127.0.0.1:\(port)"
        let run = try run ?? onlyRun(url)
        return try ["pretrained", "fine-tuned"].map { part in
            let file = folder.appending(path: "\(part).safetensors")
            let ended = try Cairn.run(["export", run, "--part", part, "--output", file.path, "--coordinator", url])
            try #require(ended.status == 0, "\(ended.errors)")
            return try Data(contentsOf: file)
        }
    }

    // MARK: Calls

    /// The coordinator gave no answer.
    struct CallFailure: Error {}

    /// - Returns: the answer's JSON; nil where it has none.
    @discardableResult func call(_ method: String, _ url: String, _ body: Data? = nil, token: String? = nil) throws
        -> [String: Any]?
    {
        var request = URLRequest(url: try #require(URL(string: url)), timeoutInterval: 20)
        request.httpMethod = method
        request.httpBody = body
        if let body, method == "PUT" {
            request.setValue(token, forHTTPHeaderField: "Cairn-Lease")
            request.setValue("sha-256=:\(try Self.sha256(body)):", forHTTPHeaderField: "Content-Digest")
        }
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        let done = DispatchSemaphore(value: 0)
        nonisolated(unsafe) var answer: Data?
        let task = URLSession.shared.dataTask(with: request) { data, response, error in
            answer = error == nil && response != nil ? data ?? Data() : nil
            done.signal()
        }
        task.resume()
        done.wait()
        guard let answer else { throw CallFailure() }
        return try? JSONSerialization.jsonObject(with: answer) as? [String: Any]
    }

    private static func sha256(_ body: Data) throws -> String {
        let digits = Array(Digest(of: body).hex.utf8)
        let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
        }
        return Data(bytes).base64EncodedString()
    }

    func onlyRun(_ url: String) throws -> String {
        let list = try call("GET", "\(url)/v1/runs")
        let runs = try #require(list?["runs"] as? [[String: Any]])
        return try #require(runs.last?["id"] as? String)
    }

    func waitUntilPrepared(_ run: String, _ url: String) throws {
        try wait(20) { try call("GET", "\(url)/v1/runs/\(run)")?["state"] as? String == "running" }
    }

    /// The same process each time.
    ///
    /// - Returns: the worker's name.
    func register(_ url: String) throws -> String {
        let registration: [String: Any] = [
            "host": "here", "processID": 1, "nonce": nonce, "slots": 2, "version": "1",
            "instructionSet": Self.instructionSet,
            "protocolVersion": ProtocolVersion.current,
        ]
        let answer = try call("POST", "\(url)/v1/workers", JSONSerialization.data(withJSONObject: registration))
        return try #require(answer?["worker"] as? String)
    }

    func lease(_ worker: String, _ url: String) throws -> TaskLease {
        let request: [String: Any] = ["worker": worker, "nonce": nonce, "waitSeconds": 2]
        let answer = try call("POST", "\(url)/v1/leases", JSONSerialization.data(withJSONObject: request))
        let lease = try JSONSerialization.data(withJSONObject: try #require(answer))
        return try JSONDecoder().decode(TaskLease.self, from: lease)
    }

    func send(_ update: Data, _ lease: TaskLease, _ worker: String, _ url: String) throws {
        try call(
            "PUT", "\(url)/v1/tasks/\(lease.task.id)/update?worker=\(worker)", update, token: lease.token.rawValue)
    }

    func fail(_ lease: TaskLease, _ worker: String, _ url: String) throws {
        let release = ["worker": worker, "token": lease.token.rawValue, "failure": "bad luck"]
        try call("POST", "\(url)/v1/tasks/\(lease.task.id)/release", JSONEncoder().encode(release))
    }

    /// An answer that looks well: nobody would notice that it is wrong, were it not compared.
    func answerWrongly(_ lease: TaskLease, _ worker: String, _ url: String) throws {
        let task = lease.task
        let figures: TaskFigures
        switch task.work {
        case .train(let work) where work.returned == .change:
            figures = TaskFigures(samples: work.data.count * work.settings.epochs, metrics: ["loss": 1])
        case .evaluate(let work) where work.objective != nil:
            figures = TaskFigures(samples: work.data.count, metrics: ["reconstructionError": 1])
        case .train, .evaluate, .encode, .fit: return
        }
        let result = TaskResult(figures: figures, vector: Array(repeating: 0.5, count: task.elementCount))
        let update = try UpdateFormat.encode(task: task.id, result: result)
        try send(update, lease, worker, url)
    }
}
