import Coordination
import RunProtocol

/// What is checked after each event, and at the end.
extension Simulation {
    mutating func check() throws(Violation) {
        guard let state = cluster?.run(run) else { return }
        // What people see is what is on the disk.
        let seen = (disk.state.stage, disk.state.round)
        guard seen >= place, (state.stage, state.round) >= seen else {
            throw Violation(description: "stage \(seen.0), round \(seen.1) came after \(place)")
        }
        place = seen
        if case .failed(let reason) = state.phase { throw Violation(description: "the run failed: \(reason)") }
        guard disk.writes != checkedWrites else { return }
        checkedWrites = disk.writes
        let missing = state.neededBlobs.union(disk.state.neededBlobs).subtracting(disk.blobs).subtracting(
            Example.manifest().blobs)
        guard missing.isEmpty else {
            throw Violation(description: "\(missing.count) blobs are named that are not there")
        }
        let forgotten = isPerforming || !postponed.isEmpty ? [] : disk.blobs.subtracting(ledger.blobs(of: state))
        guard forgotten.isEmpty else {
            throw Violation(description: "\(forgotten.count) blobs are there that nobody will ever delete")
        }
    }

    /// Whether all is written down and swept.
    var hasEnded: Bool {
        guard let state = cluster?.run(run), state.phase == .finished, postponed.isEmpty else { return false }
        return disk.blobs.isSubset(of: state.neededBlobs)
    }

    func checkEnd() throws(Violation) {
        var answered: Set<TaskID> = []
        var state = RunState(id: run, plan: plan)
        for event in disk.events {
            if case .taskFinished(let completion) = event {
                guard answered.insert(completion.task).inserted else {
                    throw Violation(description: "\(completion.task) was counted twice")
                }
                let isItsTurn = (completion.task.stage, completion.task.round) == (state.stage, state.round)
                guard isItsTurn, state.openTasks.contains(completion.task.index) else {
                    throw Violation(description: "\(completion.task) was counted for another round")
                }
                let own = state.describeTask(completion.task.index).flatMap { Example.completion($0) }
                guard own == completion else { throw Violation(description: "\(completion.task) has another's answer") }
            }
            state.apply(event)
        }
        // The data lie on no simulated disk.
        guard disk.blobs == state.neededBlobs.subtracting(Example.manifest().blobs) else {
            throw Violation(description: "the run has ended and left \(disk.blobs.count) blobs")
        }
        guard disk.events.filter(\.isWeight) == Self.expected else {
            throw Violation(description: "the weights are not those of the undisturbed run")
        }
    }
}

extension RunEvent {
    /// Whether it says which weights there are, and so must be the same in every schedule.
    package var isWeight: Bool {
        switch self {
        case .roundClosed, .stageFinished, .stageOpened, .finished: true
        case .dataPrepared, .taskFinished, .attemptFailed, .answerRefused, .failed, .cancelled: false
        case .answerWitnessed, .answerContradicted: false
        }
    }

    var namedBlobs: [Digest] {
        switch self {
        case .stageOpened(let opening): opening.weights + [opening.frozen].compactMap(\.self)
        case .roundClosed(let closing): [closing.weights, closing.momentum].compactMap(\.self)
        case .finished(let exports): exports.map(\.digest)
        case .dataPrepared, .taskFinished, .attemptFailed, .answerRefused, .stageFinished, .failed, .cancelled: []
        case .answerWitnessed, .answerContradicted: []
        }
    }
}
