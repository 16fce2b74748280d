import Foundation
import RunProtocol
import Synchronization

/// A coordinator whose tasks cannot be.
final class Absurd: WorkerConnection {
    private struct State {
        var rest = Absurd.tasks
        var failures: [String?] = []
    }
    private let state = Mutex(State())

    var isDone: Bool { state.withLock { $0.failures.count == Self.tasks.count } }
    var failures: [String?] { state.withLock { $0.failures } }

    /// An autoencoder's task that can be.
    private static let good: TrainWork = {
        var graph = Graph(
            inputs: [.init(field: Field.samples, shape: [4])],
            parameters: [
                .weight("encoder.weight", [4, 2]), .bias("encoder.bias", 2), .weight("decoder.weight", [2, 4]),
                .bias("decoder.bias", 4),
            ])
        let code = graph.append(
            "encoder", .linear(.dense(shape: [2], isTransposed: false), activation: .relu), of: [0],
            parameters: [0, 1])
        let output = graph.append(
            "decoder", .linear(.dense(shape: [4], isTransposed: false), activation: .linear), of: [code],
            parameters: [2, 3])
        let samples = SampleSet(digest: Digest(of: [1]), count: 4, size: 4, divisor: 1)
        return TrainWork(
            graph: graph,
            objective: Objective(
                .reconstruction(.meanSquaredError, target: 0), of: output,
                penalty: Objective.Penalty(value: code, weight: 0.1)),
            settings: TrainingSettings(
                epochs: 1, batchSize: 2, optimizer: .sgd(learningRate: 0.1, momentum: 0),
                rates: [0.1, 0.1, 0.1, 0.1],
                revival: TrainingSettings.Revival(value: code, weight: 0, bias: 1, reader: 2), activity: code),
            start: TrainWork.Start(Digest(of: [2]), count: 4), data: samples.fields, returned: .change, seed: 1)
    }()

    static let possible = TaskDescription(
        id: TaskID("run-absurd.s0.r1.t0")!, title: "possible", work: .train(good))

    static let tasks: [TaskDescription] = {
        guard let run = RunID(rawValue: "run-absurd") else { return [] }
        return (graphChanges + settingChanges).enumerated().map { index, change in
            var work = good
            change(&work)
            return TaskDescription(
                id: TaskID(run: run, stage: 0, round: 1, index: index), title: "absurd", work: .train(work))
        }
    }()

    private static func conv(_ kernel: Int) -> RunProtocol.Operation {
        .linear(.convolution(channels: 2, kernel: kernel, stride: 1), activation: .relu)
    }

    /// The encoder is node 0, the decoder node 1; values 0, 1 and 2.
    private static let graphChanges: [@Sendable (inout TrainWork) -> Void] = [
        { $0.graph.inputs[0].shape = [.max] }, { $0.graph.inputs[0].shape = [5] }, { $0.graph.inputs[0].shape = [] },
        { $0.graph.inputs[0].shape = [2, 2] }, { $0.graph.inputs[0].shape = [-4] }, { $0.graph.inputs = [] },
        { $0.graph.inputs[0].field = "others" }, { $0.graph.nodes = [] }, { $0.graph.nodes[0].inputs = [] },
        { $0.graph.nodes[0].inputs = [2] }, { $0.graph.nodes[1].inputs = [1, 1] },
        { $0.graph.nodes[1].inputs = [-1] }, { $0.graph.nodes[0].parameters = [0, 9] },
        { $0.graph.nodes[0].parameters = [1, 0] }, { $0.graph.nodes[0].parameters = [] },
        {
            $0.graph.nodes[0].operation = .linear(.dense(shape: [.max], isTransposed: false), activation: .relu)
        },
        { $0.graph.nodes[0].operation = .linear(.dense(shape: [0], isTransposed: false), activation: .relu) },
        { $0.graph.nodes[0].operation = conv(3) },
        {
            $0.graph.inputs[0].shape = [2, 2, 1]
            $0.graph.nodes[0].operation = conv(.max)
        },
        { $0.graph.nodes[0].operation = .maxPool(window: 2) },
        { $0.graph.nodes[0].operation = .upsample(factor: .max, height: .max, width: .max) },
        { $0.graph.append("more", .shift(most: 1, stream: 0), of: [1]) },
        { $0.graph.append("more", .corrupt(.saltAndPepper(probability: 0.5), stream: 0), of: [1]) },
        { $0.graph.append("more", .sparsify(.topK(count: 0)), of: [1]) },
        { $0.graph.append("more", .sparsify(.winnerTakeAll(share: 1.5)), of: [1]) },
        { $0.graph.append("more", .concatenate, of: [0, 7]) },
        { $0.graph.append("more", .activate(.relu), of: [2]) },
        { $0.graph.parameters[0].shape = [.max, .max] }, { $0.graph.parameters[0].shape = [2, 4] },
        { $0.graph.parameters.append(.bias("more", .max)) },
        { $0.objective.output = 0 }, { $0.objective.output = 3 }, { $0.objective.output = -1 },
        { $0.objective.loss = .reconstruction(.meanSquaredError, target: 1) },
        { $0.objective.loss = .reconstruction(.meanSquaredError, target: 9) },
        { $0.objective.loss = .reconstruction(.binaryCrossEntropy, target: 0) },
        { $0.objective.loss = .crossEntropy(field: "labels", weights: .equal) },
        { $0.objective.penalty?.value = 0 }, { $0.objective.penalty?.value = 2 }, { $0.objective.penalty?.value = 9 },
    ]

    private static let settingChanges: [@Sendable (inout TrainWork) -> Void] = [
        { $0.data.count = 0 }, { $0.data.fields = [] }, { $0.data.fields += $0.data.fields },
        { $0.data.fields[0].content = .values(size: 5, divisor: 1) },
        { $0.data.fields[0].content = .values(size: 4, divisor: .nan) },
        { $0.data.fields[0].content = .classes(count: 4) },
        { $0.unlabeled = [$0.data] }, { $0.settings.pseudoLabels = PseudoLabels() },
        { $0.settings.validationPerClass = 1 }, { $0.settings.batchSize = 0 }, { $0.settings.epochs = .max },
        { $0.settings.samplesAtOnce = 0 }, { $0.settings.weightDecay = .nan }, { $0.settings.rates = [] },
        { $0.settings.activity = 9 }, { $0.settings.revival?.value = 0 }, { $0.settings.revival?.weight = 1 },
        { $0.settings.revival?.bias = 9 }, { $0.settings.revival?.reader = 0 }, { $0.round = 2 }, { $0.rounds = -1 },
        { $0.start?.count = 9 },
        {
            $0.cut = Cut(graph: $0.graph, weights: Digest(of: [3])); $0.data.count = 1 << 40
        },
        { $0.cut = Cut(graph: Graph(inputs: []), weights: Digest(of: [3])) },
    ]

    func register(_ registration: WorkerRegistration) throws -> WorkerWelcome {
        guard let worker = WorkerID(rawValue: "worker-1") else { throw APIError(.internal, "no name") }
        return WorkerWelcome(worker: worker, heartbeatSeconds: 1)
    }

    func lease(_ request: LeaseRequest) throws -> TaskLease? {
        state.withLock { $0.rest.popLast() }.map {
            TaskLease(task: $0, token: LeaseToken(worker: request.worker, code: []), leaseSeconds: 1)
        }
    }

    func release(_ task: TaskID, _ release: TaskRelease) throws {
        let text: String? = if case .failed(let text) = release.reason { text } else { nil }
        state.withLock { $0.failures.append(text) }
    }

    func heartbeat(_ heartbeat: Heartbeat) throws -> HeartbeatReply { HeartbeatReply(abandon: []) }

    func deliver(_ task: TaskID, by claim: TaskClaim, update: Data) throws -> UpdateReceipt {
        UpdateReceipt(verdict: .accepted)
    }

    func localCopy(of blob: Digest, in folder: String, progress: @escaping (Int) -> Void) throws -> String {
        throw APIError(.notFound, "no blob")
    }
    func leave(_ worker: WorkerID, _ leave: WorkerLeave) throws {}
    func interrupt() {}
}
