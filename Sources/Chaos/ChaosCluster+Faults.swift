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
        case .fillDisk: fillDisk()
        }
    }

    /// Where another process has taken the place of a paused one meanwhile, SIGCONT does nothing to it.
    private func end(_ fault: Fault) throws {
        switch fault {
        case .killWorker, .killCoordinator, .endWorker, .endCoordinator, .cut, .truncate: break
        case .pauseWorker(let place, _): workers[place].send(SIGCONT)
        case .pauseCoordinator: pauseCoordinator(false)
        case .refuse: proxy.change { $0.isRefusing = false }
        case .stall: proxy.change { $0.isStalled = false }
        case .delay: proxy.change { $0.delayMilliseconds = 0 }
        case .fillDisk: disk?.makeRoom()
        }
        try tend()
    }
}
