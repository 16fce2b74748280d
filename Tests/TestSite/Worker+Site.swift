import Foundation
import Logging
package import RunProtocol
package import WorkerRuntime

extension Worker {
    /// - Parameter graceSeconds: none, so that tests end soon.
    package static func with(
        _ connection: any WorkerConnection, slots: Int = 1, graceSeconds: Double = 0, cacheFolder: String = "",
        cacheBytes: Int = 1 << 20
    ) -> Worker {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return Worker(
            connection: connection,
            registration: WorkerRegistration(
                host: "here", processID: 1, slots: slots, version: "1", instructionSet: "any"),
            settings: Settings(cacheFolder: cacheFolder, cacheBytes: cacheBytes, graceSeconds: graceSeconds),
            logger: logger)
    }

    /// Starts its life on a thread of its own.
    package func start() -> Task<Void, any Error> {
        Task {
            try await withCheckedThrowingContinuation { continuation in
                Thread { continuation.resume(with: Result { try self.run() }) }.start()
            }
        }
    }
}
