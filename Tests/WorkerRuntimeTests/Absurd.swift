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

    static let tasks: [TaskDescription] = {
        let samples = SampleSet(digest: Digest(of: [1]), count: 4, size: 4, divisor: 1)
        let good = PretrainWork(
            network: NetworkSpec(inputSize: 4, layers: [LayerSpec(units: 2, activation: .relu)]), layer: 0,
            decoders: [DecoderSpec(constraint: .free, activation: .linear)],
            settings: StageSettings(
                rounds: 1, replicas: 1, localEpochs: 1, batchSize: 2, loss: .meanSquaredError,
                outputActivation: .linear, corruption: .none, l1: 0, decoder: .free,
                optimizer: .sgd(learningRate: 0.1, momentum: 0), schedule: .constant, outer: .mean),
            frozen: nil, start: Digest(of: [2]), samples: samples, round: 1, seed: 1)
        let changes: [(inout PretrainWork) -> Void] = [
            { $0.layer = -1 }, { $0.layer = 1 }, { $0.network.inputSize = .max }, { $0.network.inputSize = 5 },
            { $0.network.layers = [] }, { $0.network.layers[0].units = .max }, { $0.network.layers[0].units = 0 },
            { $0.samples.size = 5 }, { $0.samples.count = 0 }, { $0.samples.divisor = .nan },
            { $0.settings.batchSize = 0 }, { $0.settings.localEpochs = .max }, { $0.settings.rounds = -1 },
            { $0.settings.sparsity = .topK(count: 0) }, { $0.settings.sparsity = .winnerTakeAll(share: 0) },
            { $0.settings.sparsity = .winnerTakeAll(share: 1.5) }, { $0.round = 2 }, { $0.frozen = $0.start },
            { $0.settings.weightDecay = .nan }, { $0.settings.randomShift = 1 },
            {
                $0.network.image = ImageShape(height: 2, width: 2, channels: 1)
                $0.settings.randomShift = .max
            },
            { $0.frozenEncoders = -1 }, { $0.frozenEncoders = 1 },
            { $0.decoders = [] }, { $0.decoders += $0.decoders },
            { $0.network.image = ImageShape(height: 3, width: 1, channels: 1) },
            { $0.network.layers[0].window = ConvolutionWindow(kernel: 3) },
            {
                $0.network.image = ImageShape(height: 2, width: 2, channels: 1)
                $0.network.layers[0].window = ConvolutionWindow(kernel: .max)
            },
        ]
        guard let run = RunID(rawValue: "run-absurd") else { return [] }
        return changes.enumerated().map { index, change in
            var work = good
            change(&work)
            return TaskDescription(
                id: TaskID(run: run, stage: 0, round: 1, index: index), work: .pretrain(work), elementCount: 22)
        }
    }()

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
