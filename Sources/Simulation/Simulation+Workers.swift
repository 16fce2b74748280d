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
                workers[worker] = SimulatedWorker(
                    millisecondsPerTask: workers[worker].millisecondsPerTask, isLiar: workers[worker].isLiar,
                    isWrong: workers[worker].isWrong, life: workers[worker].life + 1)
                report.workerDeaths += 1
            }
            if happens(faults.pause) { workers[worker].pausedUntil = now + Int64(random.next(below: 120_000)) }
            if happens(faults.partition) {
                let end = now + Int64(random.next(below: 60_000))
                if random.next(below: 3) > 0 { workers[worker].deafUntil = end }
                if random.next(below: 3) > 0 { workers[worker].muteUntil = end }
            }
            goOn(worker)
        }
        schedule(.second, in: 1_000)
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
            let tasks = worker.task.map { [TaskProgress(task: $0.id, share: worker.share(now: now))] } ?? []
            send(.heartbeat(name, tasks), from: index)
        }
        switch worker.phase {
        case .computing(let task, _, let until):
            guard until <= now else { return }
            workers[index].phase = .delivering(task)
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
            workers[index].retryAt = now + 5_000
            send(.lease(name), from: index)
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
        case .task(let task):
            guard worker.phase == .asking else { return }
            guard let task else {
                workers[index].phase = .resting
                workers[index].retryAt = now + 1_000
                return
            }
            let length = task.elementCount == 0 ? worker.millisecondsPerTask / 10 : worker.millisecondsPerTask
            workers[index].phase = .computing(task, since: now, until: now + length)
        case .abandon(let tasks):
            guard let task = worker.task, tasks.contains(task.id) else { return }
            workers[index].phase = .resting
        case .receipt(let task, _):
            guard worker.task?.id == task else { return }
            workers[index].phase = .resting
        case .stranger: workers[index].name = nil
        case .quarantined:
            // The program ends, and somebody starts it again a minute later.
            workers[index].phase = .resting
            workers[index].name = nil
            workers[index].pausedUntil = now + 60_000
        }
    }

    private mutating func deliver(_ task: TaskDescription, as name: WorkerID, from index: Int) {
        let worker = workers[index]
        let mistake = worker.isWrong ? "mistake \(index) \(worker.life)" : ""
        let answer = worker.isLiar ? nil : Example.completion(task, mistake: mistake)
        send(.deliver(name, task, answer), from: index)
    }
}
