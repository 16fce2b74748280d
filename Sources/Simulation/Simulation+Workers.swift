import Coordination
import RandomNumbers
import RunProtocol

/// How workers behave: each second, and when an answer arrives.
extension Simulation {
    mutating func send(_ request: Request, from worker: Int) {
        guard workers[worker].muteUntil <= now, !happens(faults.drop) else { return }
        schedule(.arrives(request, worker: worker, life: workers[worker].life), in: delay)
        if happens(faults.duplicate) {
            schedule(.arrives(request, worker: worker, life: workers[worker].life), in: delay)
        }
    }

    /// Once a second time passes for everybody.
    mutating func second() {
        goOnWriting()
        for worker in workers.indices {
            if happens(faults.death) {
                beginNewLife(worker)
                report.workerDeaths += 1
            }
            if happens(faults.pause) { workers[worker].pausedUntil = now + Int64(random.next(below: 120_000)) }
            if happens(faults.partition) {
                let end = now + Int64(random.next(below: 60_000))
                if random.next(below: 3) > 0 { workers[worker].deafUntil = end }
                if random.next(below: 3) > 0 { workers[worker].muteUntil = end }
            }
            if happens(faults.hang) { hang(worker) }
            if happens(faults.block) {
                workers[worker].blockedUntil = now + Int64(random.next(below: 300_000))
                report.blocked += 1
            }
            if happens(faults.leave), let name = workers[worker].name {
                send(.leave(name), from: worker)
                beginNewLife(worker)
                report.departures += 1
            }
            goOn(worker)
        }
        if happens(faults.forgery) { forge() }
        schedule(.second, in: 1_000)
    }

    private mutating func hang(_ index: Int) {
        guard case .computing = workers[index].phase, workers[index].hangsUntil <= now else { return }
        let milliseconds = Int64(random.next(below: 300_000))
        workers[index].hangsUntil = workers[index].nature.hangsForEver ? .max : now + milliseconds
        report.hangs += 1
    }

    private mutating func beginNewLife(_ index: Int) {
        let life = workers[index].life + 1
        workers[index] = SimulatedWorker(workers[index].nature)
        workers[index].life = life
    }

    private mutating func goOn(_ index: Int) {
        let worker = workers[index]
        guard worker.pausedUntil <= now else { return }
        guard let name = worker.name else {
            guard worker.phase != .registering || worker.retryAt <= now else { return }
            workers[index].phase = .registering
            workers[index].retryAt = now + 5_000
            return send(.register, from: index)
        }
        if now / 1_000 % 3 == 0 {
            let tasks = worker.task.map { [progress($0.id, name, worker.share(now: now))] } ?? []
            let isBlocked = worker.isDelivering && worker.blockedUntil > now
            send(.heartbeat(name, tasks, worker.token, trouble: isBlocked ? "413" : nil), from: index)
        }
        switch worker.phase {
        case .computing(let task, _, let until):
            guard until <= now, worker.hangsUntil <= now else { return }
            workers[index].phase = .delivering(task)
            workers[index].deliversSince = now
            workers[index].retryAt = now + 5_000
            deliver(task, as: name, from: index)
        case .delivering(let task):
            guard worker.retryAt <= now else { return }
            workers[index].retryAt = now + 5_000
            deliver(task, as: name, from: index)
        case .asking where worker.retryAt > now: return
        case .resting where worker.retryAt > now: return
        case .asking, .resting, .registering:
            workers[index].phase = .asking
            workers[index].deliversSince = nil
            workers[index].retryAt = now + 5_000
            for _ in 0..<faults.requests { send(.lease(name), from: index) }
        }
    }

    mutating func answered(_ answer: Answer, _ index: Int, _ life: Int) {
        let worker = workers[index]
        guard worker.life == life, worker.deafUntil <= now, worker.pausedUntil <= now else { return }
        switch answer {
        case .welcome(let name):
            guard worker.name == nil else { return }
            workers[index].name = name
            if worker.phase == .registering { workers[index].phase = .resting }
        case .task(let task, let token):
            guard worker.phase == .asking else { return }
            guard let task else {
                workers[index].phase = .resting
                workers[index].retryAt = now + 1_000
                return
            }
            let length =
                task.elementCount == 0 ? worker.nature.millisecondsPerTask / 10 : worker.nature.millisecondsPerTask
            workers[index].token = token
            workers[index].phase = .computing(task, since: now, until: now + length)
        case .abandon(let tasks):
            // What hangs does not hear that either.
            guard let task = worker.task, tasks.contains(task.id), worker.hangsUntil <= now else { return }
            workers[index].phase = .resting
        case .receipt(let task):
            guard worker.task?.id == task else { return }
            workers[index].phase = .resting
        case .stranger: workers[index].name = nil
        case .quarantined:
            // It goes on under a new name with what it has; or the program ends, and starts again a minute later.
            workers[index].name = nil
            guard !worker.nature.isStubborn else { return }
            beginNewLife(index)
            workers[index].pausedUntil = now + 60_000
        }
    }

    private mutating func deliver(_ task: TaskDescription, as name: WorkerID, from index: Int) {
        let worker = workers[index]
        if let reason = reasonForRelease(task, worker.nature) {
            report.released += 1
            return send(.release(name, task.id, reason, worker.token), from: index)
        }
        // It is kept and sent again.
        guard worker.blockedUntil <= now else { return }
        let mistake = worker.nature.isWrong ? "mistake \(index) \(worker.life)" : ""
        let answer = worker.nature.isLiar ? nil : Example.completion(task, mistake: mistake)
        send(.deliver(name, task, answer, worker.token), from: index)
    }

    private func reasonForRelease(_ task: TaskDescription, _ nature: SimulatedWorker.Nature) -> TaskRelease.Reason? {
        let isTraining = task.elementCount > 0
        if nature.isSmall, isTraining { return .needsMemory(needed: 2_000_000_000, available: 1_000_000_000) }
        if nature.isBroken {
            return task.id.index % 2 == 0
                ? .diverged(Divergence(what: "the loss", value: "not finite")) : .failed("out of memory")
        }
        guard task.id.run == Self.divergingRun, task.id.round == 2, isTraining, !nature.isLiar else { return nil }
        return .diverged(Divergence(what: "the loss", value: "1e+13", feature: 1, magnitude: 1e6))
    }

    private func progress(_ task: TaskID, _ name: WorkerID, _ share: Double) -> TaskProgress {
        // Tokens travel beside it.
        TaskProgress(task: task, token: LeaseToken(worker: name, code: []), share: share)
    }

    /// Somebody speaks of an open task under a name that is another's or nobody's.
    private mutating func forge() {
        guard let run = cluster?.runs.first(where: { !$0.openTasks.isEmpty }),
            let task = run.describeTask(run.openTasks[random.next(below: run.openTasks.count)])
        else { return }
        let names =
            (cluster?.workers.keys.sorted { $0.rawValue < $1.rawValue } ?? [])
            + [WorkerID(rawValue: "w0-0")].compactMap(\.self)
        let name = names[random.next(below: names.count)]
        // No token, one for another task, or one of another process.
        let index = random.next(below: workers.count)
        let isItsOwn = name.rawValue == "w\(index)-\(workers[index].life)"
        let tokens = [.none, Token.given(task.id, process: "another"), isItsOwn ? .none : workers[index].token]
        let token = tokens[random.next(below: tokens.count)]
        let requests: [Request] = [
            .heartbeat(name, [progress(task.id, name, 1)], token, trouble: nil),
            .release(name, task.id, .diverged(Divergence(what: "the loss", value: "1e+13")), token),
            .deliver(name, task, Example.completion(task, mistake: "forged"), token), .deliver(name, task, nil, token),
        ]
        schedule(.forged(requests[random.next(below: requests.count)]), in: delay)
    }
}
