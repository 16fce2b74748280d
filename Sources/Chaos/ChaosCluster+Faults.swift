import Glibc

extension ChaosCluster {
    func perform(_ action: Schedule.Step.Action) throws {
        switch action {
        case .begin(let fault): try begin(fault)
        case .end(let fault): try end(fault)
        }
    }

    private func begin(_ fault: Fault) throws {
        switch fault {
        case .killWorker(let place): try killWorker(place)
        case .killCoordinator: try killCoordinator()
        case .endWorker(let place): try endWorker(place)
        case .endCoordinator: try endCoordinator()
        case .pauseWorker(let place, _): workers[place].send(SIGSTOP)
        case .pauseCoordinator: pauseCoordinator(true)
        case .cut: proxy.cut()
        case .truncate(let direction, let bytes): proxy.change { $0.truncation[direction] = bytes }
        case .refuse: proxy.change { $0.isRefusing = true }
        case .stall: proxy.change { $0.isStalled = true }
        case .delay: proxy.change { $0.delayMilliseconds = 50 }
        case .secondCoordinator: try oneCoordinatorRemains(beside: makeSecondCoordinator())
        case .raceCoordinators(let secondFirst): try raceCoordinators(secondFirst: secondFirst)
        case .hostileWorker: try addHostileWorker()
        case .hangingWorker:
            hanging.append(try HangingWorker(number: hanging.count + 1, configuration: configuration))
        case .block: proxy.change { $0.isBlockingResults = true }
        case .fillDisk: fillDisk()
        }
    }

    /// Where another process has taken the place of a paused one meanwhile, SIGCONT does nothing to it.
    private func end(_ fault: Fault) throws {
        switch fault {
        case .killWorker, .killCoordinator, .endWorker, .endCoordinator, .cut, .truncate, .secondCoordinator,
            .raceCoordinators, .hostileWorker, .hangingWorker:
            break
        case .pauseWorker(let place, _): workers[place].send(SIGCONT)
        case .pauseCoordinator: pauseCoordinator(false)
        case .refuse: proxy.change { $0.isRefusing = false }
        case .stall: proxy.change { $0.isStalled = false }
        case .delay: proxy.change { $0.delayMilliseconds = 0 }
        case .block: proxy.change { $0.isBlockingResults = false }
        case .fillDisk: disk?.makeRoom()
        }
        try tend()
    }

    private func raceCoordinators(secondFirst: Bool) throws {
        coordinator.kill()
        let early = secondFirst ? try makeSecondCoordinator() : nil
        try startCoordinatorAgain()
        try oneCoordinatorRemains(beside: early ?? makeSecondCoordinator())
    }

    /// Of two that start, either may win the folder; of one that runs or stands still nothing can take it.
    private func oneCoordinatorRemains(beside second: ChildProcess) throws {
        defer { second.kill() }
        guard try Patience.wait(seconds: 30, for: { second.ending != nil || coordinator.ending != nil }) else {
            throw complaint("two coordinators run on one state folder")
        }
        let loser = coordinator.ending == nil ? second : coordinator
        let isRefused = loser.saidSinceStart.contains("another coordinator uses this folder")
        guard loser.ending == .exited(1), isRefused || hasSeenFullDisk else {
            throw complaint("beside another coordinator one ended: \(loser.ending.map { "\($0)" } ?? "")", loser)
        }
        guard loser === coordinator else { return }
        second.kill()
        try startCoordinatorAgain()
    }

    private func addHostileWorker() throws {
        let worker = HostileWorker(number: hostile.count + 1, connection: connection)
        hostile.append(worker)
        try worker.attack(seconds: 3)
        try tryHostileWorkersAgain()
    }

    /// What was quarantined stays so, whatever has happened to the coordinator since.
    func tryHostileWorkersAgain() throws { for worker in hostile.suffix(3) { try worker.tryAgain() } }
}
