import CoordinatorClient
import Foundation
import RunProtocol
import Testing

/// Messages, connections and folders for tests.
enum Example {
    static let worker = WorkerID(rawValue: "worker-1")!
    static let run = RunID(rawValue: "run-1")!
    static let task = TaskID(run: run, stage: 0, round: 3, index: 1)
    static let information = CoordinatorInformation(version: "1.0", workers: [])
    static let status = RunStatus(id: run, name: "example", state: .running, revision: 7, submittedAt: 1)
    static let token = LeaseToken(worker: worker, code: (0..<32).map { $0 })
    static let claim = TaskClaim(worker: worker, token: token)
    static let part = ExportDescription.Part(rawValue: "fine-tuned")!
    static let registration = WorkerRegistration(
        host: "host", processID: 1, slots: 2, version: "1.0", instructionSet: "avx2")
    static let welcome = WorkerWelcome(worker: worker, heartbeatSeconds: 2)
    static let blob = Data((0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) })
    static let digest = Digest(of: blob)

    static var lease: TaskLease {
        var graph = Graph(
            inputs: [.init(field: "samples", shape: [1])],
            parameters: [.weight("classes.weight", [1, 2]), .bias("classes.bias", 2)])
        let output = graph.append(
            "classes", .linear(.dense(shape: [2], isTransposed: false), activation: .linear), of: [0],
            parameters: [0, 1])
        let fields = [
            Field("samples", digest, .values(size: 1, divisor: 1)), Field("labels", digest, .classes(count: 2)),
        ]
        let work = EvaluateWork(
            graph: graph, weights: digest, data: FieldSet(count: 1, fields: fields),
            measures: [.confusion(output: output, field: "labels")])
        return TaskLease(
            task: TaskDescription(id: task, title: "the classifier", work: .evaluate(work)), token: token,
            leaseSeconds: 30)
    }

    /// A connection whose retries end soon.
    static func connection(
        to url: String, retrySeconds: Double = 0, _ change: (inout ClientConfiguration) -> Void = { _ in }
    ) throws -> HTTPConnection {
        var configuration = try ClientConfiguration(url: url)
        configuration.retries = RetryPolicy(totalSeconds: retrySeconds)
        change(&configuration)
        return try HTTPConnection(configuration)
    }

    /// The error that `body` throws, its message checked to be one clear line.
    static func connectionError(
        _ body: () throws -> some Any, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> ConnectionError {
        let error = try #require(throws: ConnectionError.self, sourceLocation: sourceLocation) { _ = try body() }
        #expect(!error.message.contains("\n") && error.message.count > 20, sourceLocation: sourceLocation)
        return error
    }

    /// Calls `body` with a folder that is gone afterwards.
    static func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "cairn-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try body(folder)
    }

    static func files(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }

    /// Calls `body` on `count` threads and waits for them.
    static func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        let group = DispatchGroup()
        for index in 0..<count {
            group.enter()
            Thread.detachNewThread {
                body(index)
                group.leave()
            }
        }
        group.wait()
    }

    static func seconds(_ body: () throws -> Void) rethrows -> Double {
        try ContinuousClock().measure(body) / .seconds(1)
    }
}
