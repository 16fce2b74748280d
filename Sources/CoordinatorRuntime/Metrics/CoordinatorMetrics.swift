import Coordination
import CoreMetrics
package import PrometheusMetrics
package import RunProtocol

/// What the coordinator counts while it lives, from zero at its start. Gauges, which are gathered when somebody asks, are
/// `CoordinatorFigures`.
package struct CoordinatorMetrics: Sendable {
    private static let tasks = FamilyDescription(
        "cairn_tasks_total", .counter, ["outcome"], "Tasks that ended with a worker, by what came of them.")
    private static let samples = FamilyDescription(
        "cairn_samples_total", .counter, [], "Samples trained on in answers that count, epochs counted each time.")
    private static let updateBytes = FamilyDescription(
        "cairn_update_bytes_total", .counter, [], "Bytes of answers that count.")
    private static let facts = FamilyDescription(
        "cairn_store_writes_total", .counter, ["fact"], "Facts written down, by their kind.")
    private static let failedWrites = FamilyDescription(
        "cairn_store_failures_total", .counter, [], "Times that something could not be written.")
    private static let rounds = FamilyDescription(
        "cairn_round_seconds", .histogram, [], "Duration of rounds, from their start to their weights, in seconds.",
        buckets: [0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 14_400])

    let factory: PrometheusFactory
    private let ends: [TaskSpan.Outcome: Counter]
    private let writes: [RunEvent.Kind: Counter]
    private let trained: Counter
    private let received: Counter
    private let failures: Counter
    private let durations: Timer

    package init() {
        let factory = PrometheusFactory(describing: [
            Self.tasks, Self.samples, Self.updateBytes, Self.facts, Self.failedWrites, Self.rounds,
        ])
        func counter(_ metric: FamilyDescription, _ value: String? = nil) -> Counter {
            let dimensions = value.map { [(metric.labels[0], $0)] } ?? []
            return Counter(label: metric.name, dimensions: dimensions, factory: factory)
        }
        // All of them at once: what has not happened yet is 0, so that its rate is known from the first time on.
        ends = Dictionary(
            uniqueKeysWithValues: TaskSpan.Outcome.allCases.map { ($0, counter(Self.tasks, $0.rawValue)) })
        writes = Dictionary(uniqueKeysWithValues: RunEvent.Kind.allCases.map { ($0, counter(Self.facts, $0.rawValue)) })
        trained = counter(Self.samples)
        received = counter(Self.updateBytes)
        failures = counter(Self.failedWrites)
        durations = Timer(label: Self.rounds.name, factory: factory)
        self.factory = factory
    }

    /// A worker has a task no more.
    func count(_ outcome: TaskSpan.Outcome) { ends[outcome]?.increment() }

    /// A fact was written down.
    /// - Parameter history: of its run, with the fact in it.
    func count(_ event: RunEvent, of history: RunHistory?) {
        writes[event.kind]?.increment()
        switch event {
        case .taskFinished(let completion):
            trained.increment(by: history?.samplesLearnt(in: completion) ?? 0)
            received.increment(by: completion.bytes ?? 0)
        case .roundClosed:
            if let roundSeconds = history?.seconds(ofRoundClosedBy: event) { durations.recordSeconds(roundSeconds) }
        default: break
        }
    }

    func countFailedWrite() { failures.increment() }

    /// Every metric of a coordinator, by name: what its documentation has to list.
    /// - Parameter outputs: of all kinds of stages.
    package static func descriptions(of outputs: [StageOutputs]) -> [FamilyDescription] {
        let gathered = CoordinatorFigures(version: "", outputs: outputs).families + ProcessFigures.families
        return ([tasks, samples, updateBytes, facts, failedWrites, rounds] + gathered.map(\.description))
            .sorted { $0.name < $1.name }
    }
}

extension RunHistory {
    /// - Returns: nil where the fact closes no round.
    func seconds(ofRoundClosedBy event: RunEvent) -> Double? {
        guard case .roundClosed(let closing) = event else { return nil }
        return stages[closing.stage].history.last { $0.round == closing.round }?.seconds
    }
}
