import CoordinatorClient
import Glibc
import RunProtocol

extension HTTPConnection {
    /// Shows a run's progress until it has ended. The coordinator may be gone for a while: it goes on where it was.
    func follow(_ run: RunID, quiet: Bool = false) throws -> RunStatus {
        var printer = ProgressPrinter()
        var status = try status(of: run)
        while true {
            if !quiet { printer.show(status) }
            guard !status.state.isFinal else { return status }
            do {
                status = try self.status(of: run, after: status.revision, waitSeconds: 20)
            } catch let error as ConnectionError {
                if !quiet { FileHandleOutput.standardError("\(error); trying again\n") }
                sleep(1)
            }
        }
    }
}
