import CoordinatorClient
import Glibc
import RunProtocol

extension HTTPConnection {
    /// Shows a run's progress until it has ended. The coordinator may be gone for a while: it goes on where it was.
    func follow(_ run: RunID, isQuiet: Bool) throws -> RunStatus {
        let farewell = Farewell("\(run) goes on: `cairn watch \(run)` shows it, `cairn cancel \(run)` ends it")
        defer { withExtendedLifetime(farewell) {} }
        var printer = ProgressPrinter(isQuiet: isQuiet)
        var status = try status(of: run)
        var workers: [WorkerStatus] = []
        var workersAreOld = ContinuousClock.now
        while true {
            printer.show(status, workers: workers)
            guard !status.state.isFinal else { return status }
            do {
                if printer.isLive, workersAreOld <= .now {
                    workers = try information().workers
                    workersAreOld = .now + .seconds(1)
                    printer.show(status, workers: workers)
                }
                status = try self.status(of: run, after: status.revision, waitSeconds: printer.isLive ? 1 : 10)
                // A run may change faster than anybody reads.
                if printer.isLive { usleep(100_000) }
            } catch let error as ConnectionError {
                printer.show("\(error); trying again", workers: workers)
                sleep(1)
            }
        }
    }
}
