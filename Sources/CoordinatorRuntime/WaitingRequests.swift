import Coordination
import RunProtocol
import Synchronization

/// Requests of workers that wait for a task, in the order in which they came.
struct WaitingRequests {
    /// Tells one request from the others.
    final class Place: Sendable {
        private let state = Atomic(false)

        /// Its time is over, or its client has hung up.
        var isGivenUp: Bool { state.load(ordering: .relaxed) }

        func giveUp() { state.store(true, ordering: .relaxed) }
    }

    enum Outcome: Sendable {
        case lease(TaskLease)
        /// Something may have changed, or its time is over.
        case lookAgain
        /// Another request of the worker waits in its place.
        case replaced
    }

    private struct Waiter {
        let place: Place
        let worker: WorkerID
        let continuation: CheckedContinuation<Outcome, Never>
    }

    private var waiters: [Waiter] = []

    var isEmpty: Bool { waiters.isEmpty }

    /// - Parameter most: so many of one worker wait; the oldest of more is sent away.
    mutating func add(
        _ worker: WorkerID, atMost most: Int, at place: Place, _ continuation: CheckedContinuation<Outcome, Never>
    ) {
        if waiters.count(where: { $0.worker == worker }) >= most,
            let oldest = waiters.firstIndex(where: { $0.worker == worker })
        {
            waiters.remove(at: oldest).continuation.resume(returning: .replaced)
        }
        waiters.append(Waiter(place: place, worker: worker, continuation: continuation))
    }

    /// Lets one look again; it may have been answered already.
    mutating func sendAway(_ place: Place) {
        guard let index = waiters.firstIndex(where: { $0.place === place }) else { return }
        waiters.remove(at: index).continuation.resume(returning: .lookAgain)
    }

    mutating func sendAway(allOf worker: WorkerID) {
        for waiter in waiters where waiter.worker == worker { waiter.continuation.resume(returning: .lookAgain) }
        waiters.removeAll { $0.worker == worker }
    }

    mutating func sendAway() {
        for waiter in waiters { waiter.continuation.resume(returning: .lookAgain) }
        waiters = []
    }

    /// So many are asked whether they would do a task again that another has.
    private static let askedForBackups = 16

    /// Offers tasks to those that wait, the first first.
    /// - Parameters:
    ///   - offer: what there is.
    ///   - grant: gives the worker a task; nil where there is none for it.
    mutating func offer(_ offer: () -> Cluster.Offer, _ grant: (WorkerID) -> TaskLease?) {
        var (kept, asked): ([Waiter], Int) = ([], 0)
        var rest = waiters[...]
        loop: while let waiter = rest.first {
            switch offer() {
            case .nothing: break loop
            case .openTasks: break
            case .backups:
                // Not all of very many for each task that is answered: others come next.
                guard asked < Self.askedForBackups else { break loop }
                asked += 1
            }
            rest = rest.dropFirst()
            if let lease = grant(waiter.worker) {
                waiter.continuation.resume(returning: .lease(lease))
            } else {
                kept.append(waiter)
            }
        }
        waiters = asked > 0 ? Array(rest) + kept : kept + rest
    }
}
