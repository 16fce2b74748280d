import Coordination
import RunProtocol

/// What is checked after each event, and at the end.
extension Simulation {
    mutating func check() throws(Violation) {
        guard let cluster else { return }
        for (state, seen) in zip(cluster.runs, disk.states) { try check(state, seen) }
        try checkLeases(of: cluster)
        guard disk.writes != checkedWrites else { return }
        checkedWrites = disk.writes
        let needed = cluster.runs.reduce(into: disk.neededBlobs) { $0.formUnion($1.neededBlobs) }
        guard needed.subtracting(disk.blobs).subtracting(scenario.manifest.blobs).isEmpty
        else { throw Violation(description: "blobs are named that are not there") }
        guard performing.isEmpty, storage.isWriting else { return }
        let known = cluster.runs.reduce(into: Set<Digest>()) { $0.formUnion(ledger.blobs(of: $1)) }
        guard disk.blobs.isSubset(of: known)
        else { throw Violation(description: "blobs are there that nobody will ever delete") }
    }

    private mutating func check(_ state: RunState, _ disk: RunState) throws(Violation) {
        // What people see is what is on the disk.
        let seen = (disk.stage, disk.round)
        let place = places[state.id] ?? (0, 0)
        guard seen >= place, (state.stage, state.round) >= seen else {
            throw Violation(description: "\(state.id): stage \(seen.0), round \(seen.1) came after \(place)")
        }
        places[state.id] = seen
    }

    private func checkLeases(of cluster: Cluster) throws(Violation) {
        var held: [WorkerID: Int] = [:]
        for lease in cluster.leases.values.joined() { held[lease.worker, default: 0] += 1 }
        for (name, count) in held {
            guard let worker = cluster.workers[name] else { continue }
            guard count <= worker.registration.slots, worker.quarantine == nil else {
                throw Violation(description: "\(name) has \(count) tasks and \(worker.registration.slots) slots")
            }
        }
    }

    /// Only the run fails whose plan is to blame; or each, where a broken host is all that there is.
    mutating func runFails(_ run: RunID, _ cause: RunFailure?, _ reason: String) {
        let others = cluster?.workers.keys.filter { name in
            // A worker that hangs or is dead can do nothing, though that is not known yet; nor can one that has not
            // delivered for long.
            guard let worker = worker(of: name), worker.hangsUntil <= now, name.rawValue.hasSuffix("-\(worker.life)"),
                now - (worker.deliversSince ?? now) < 9 * ClusterTimes().stallMilliseconds
            else { return false }
            let nature = worker.nature
            return nature.isHonest && !nature.isBroken && !nature.isSmall && cluster?.workers[name]?.quarantine == nil
        }
        if run == Self.divergingRun, cause == .diverged || cause == .taskFailed {
            report.divergedRuns += 1
        } else if faults.isOneHostBroken, others?.isEmpty != false {
            report.givenUp += 1
            isGivenUp = true
        } else {
            violation = Violation(description: "\(run) failed: \(reason)")
        }
    }

    mutating func isQuarantined(_ quarantine: Quarantine) {
        guard worker(of: quarantine.worker)?.nature.isHonest == true else { return }
        violation = Violation(description: "\(quarantine.worker) is honest and quarantined: \(quarantine.reason)")
    }

    /// Names are `wINDEX-NUMBER`.
    private func worker(of name: WorkerID) -> SimulatedWorker? {
        name.rawValue.dropFirst().split(separator: "-").first.flatMap { Int($0) }.map { workers[$0] }
    }

    /// Whether all is written down and swept.
    var hasEnded: Bool {
        guard let runs = cluster?.runs, storage.isWriting, runs.allSatisfy({ $0.phase.isFinal }) else { return false }
        return disk.blobs.isSubset(of: disk.neededBlobs)
    }

    func checkEnd() throws(Violation) {
        for (index, (run, plan)) in plans.enumerated() {
            try checkAnswers(of: RunState(id: run, plan: plan, compiler: scenario.compiler), disk.events[index])
            guard run == Self.run, !isGivenUp else { continue }
            guard disk.events[index].filter(\.isWeight) == expected else {
                throw Violation(description: "the weights are not those of the undisturbed run")
            }
        }
        if let diverging = disk.states.first(where: { $0.id == Self.divergingRun }) {
            guard case .failed = diverging.phase
            else { throw Violation(description: "the diverging run has not failed") }
        }
        // The data lie on no simulated disk.
        guard disk.blobs == disk.neededBlobs.subtracting(scenario.manifest.blobs) else {
            throw Violation(description: "the runs have ended and left \(disk.blobs.count) blobs")
        }
    }

    private func checkAnswers(of run: RunState, _ events: [RunEvent]) throws(Violation) {
        var answered: Set<TaskID> = []
        var state = run
        for event in events {
            if case .taskFinished(let completion) = event {
                guard answered.insert(completion.task).inserted
                else { throw Violation(description: "\(completion.task) was counted twice") }
                let isItsTurn = (completion.task.stage, completion.task.round) == (state.stage, state.round)
                guard isItsTurn, state.openTasks.contains(completion.task.index) else {
                    throw Violation(description: "\(completion.task) was counted for another round")
                }
                let own = state.describeTask(completion.task.index).flatMap { Example.completion($0) }
                guard own == completion else { throw Violation(description: "\(completion.task) has another's answer") }
            }
            state.apply(event)
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
