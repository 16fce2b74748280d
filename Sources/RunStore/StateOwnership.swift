import Coordination
import DataFormats
import Dispatch
import Glibc
import Synchronization

/// This process' right to write in a state folder. It is held while no higher epoch has been taken, and looked at before
/// each commit and each deletion.
package final class StateOwnership: Sendable {
    private static let secondsBetweenBeats = 2.0
    private static let secondsWatched = 12

    private let files: OwnerFiles
    private let lock: CInt
    private let state: Mutex<State>
    private let queue = DispatchQueue(label: "cairn.heartbeat")

    private struct State {
        var epoch: Int
        var beats = 0
        var isGivenUp = false
    }

    /// Takes the folder.
    /// - Parameters:
    ///   - takesOver: whether a person said that an owner on another host is gone.
    ///   - tell: hears what takes time.
    /// - Throws: `StoreError` whenever another coordinator has the folder, or it cannot be written.
    init(_ folder: String, takesOver: Bool, tell: (String) -> Void) throws {
        files = OwnerFiles(folder: folder)
        let lock = try Self.takeLock(folder, files)
        self.lock = lock
        do {
            state = Mutex(State(epoch: try Self.take(files, takesOver: takesOver, tell: tell)))
        } catch {
            close(lock)
            throw StoreError(error, folder: folder)
        }
        beat()
        beatAgainLater()
    }

    deinit {
        giveUp()
        close(lock)
    }

    package var epoch: Int { state.withLock { $0.epoch } }

    /// - Throws: `StoreError` whenever another coordinator has taken the folder, or this one has given it up.
    package func check() throws(StoreError) {
        let (epoch, isGivenUp) = state.withLock { ($0.epoch, $0.isGivenUp) }
        guard !isGivenUp else { throw StoreError(ownedElsewhere: "\(files.folder): is closed") }
        let highest = files.highestEpoch
        // A folder that cannot be read just now is no owner's.
        guard let highest else { throw StoreError("\(files.folder): cannot be read") }
        guard !Ownership.holds(epoch: epoch, highest: highest) else { return }
        let other = files.owner(highest).map { ", process \($0.processID) on \($0.host.prefix(64))," } ?? ""
        throw StoreError(
            ownedElsewhere:
                "\(files.folder): another coordinator\(other) has taken this folder over; this one ends, and"
                + " changes nothing there any more")
    }

    package var isHeld: Bool { (try? check()) != nil }

    /// Takes a higher epoch than one that the database names: the folder's files are older than its database.
    func rise(above epoch: Int) throws {
        let next = epoch + 1
        guard try files.take(next, for: .here) else { return try check() }
        state.withLock { $0.epoch = next }
        files.removeOwners(before: next)
        beat()
    }

    /// Nothing is written from now on; the next coordinator, on whatever host, need not wait.
    package func giveUp() {
        let epoch = state.withLock { state -> Int? in
            guard !state.isGivenUp else { return nil }
            state.isGivenUp = true
            return state.epoch
        }
        if let epoch, files.highestEpoch == epoch { files.beat(epoch, OwnerFiles.givenUp) }
    }

    // MARK: Taking it

    /// Where locks work, they are the fastest answer.
    private static func takeLock(_ folder: String, _ files: OwnerFiles) throws(StoreError) -> CInt {
        let descriptor = WritePoint.takeLock.perform {
            open(folder + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        }
        guard descriptor >= 0 else {
            throw StoreError("\(folder): cannot be written: \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let problem = errno
            close(descriptor)
            guard problem == EWOULDBLOCK else {
                throw StoreError("\(folder): cannot be locked: \(String(cString: strerror(problem)))")
            }
            throw refusal(folder, files.highestEpoch.flatMap(files.owner))
        }
        return descriptor
    }

    private static func take(_ files: OwnerFiles, takesOver: Bool, tell: (String) -> Void) throws -> Int {
        while true {
            guard let highest = files.highestEpoch else { throw StoreError("\(files.folder): cannot be read") }
            let owner = highest > 0 ? files.owner(highest) : nil
            var seen = OwnerSighting(
                epoch: highest, owner: owner, hasGivenUp: files.hasGivenUp(highest),
                isRunning: owner.flatMap { files.isRunning($0) })
            var decision = Ownership.decide(seen, takesOver: takesOver)
            if decision == .watch {
                tell(
                    "\(files.folder): belonged to \(owner.map { "process \($0.processID) on \($0.host.prefix(64))" } ?? "an owner that cannot be read");"
                        + " looking for \(secondsWatched) s whether it is alive (--take-over does not look)")
                seen.heartMoved = heartMoves(files, highest)
                // Others may have come meanwhile.
                guard files.highestEpoch == highest else { continue }
                seen.hasGivenUp = files.hasGivenUp(highest)
                decision = Ownership.decide(seen, takesOver: takesOver)
            }
            guard case .take(let epoch) = decision else { throw refusal(files.folder, owner) }
            guard try files.take(epoch, for: .here) else { continue }
            // One that looked long ago may have taken an epoch that is past.
            guard files.highestEpoch == epoch else { continue }
            files.removeOwners(before: epoch)
            return epoch
        }
    }

    private static func heartMoves(_ files: OwnerFiles, _ epoch: Int) -> Bool {
        let first = files.heartbeat(epoch)
        for _ in 0..<2 * secondsWatched {
            usleep(500_000)
            if files.heartbeat(epoch) != first { return true }
        }
        return false
    }

    private static func refusal(_ folder: String, _ owner: StateOwner?) -> StoreError {
        guard let owner, !owner.isBeside(.here) else {
            let process = owner.map { " (process \($0.processID))" } ?? ""
            return StoreError(
                "\(folder): another coordinator uses this folder\(process); stop it or choose another folder with --state"
            )
        }
        return StoreError(
            "\(folder): another coordinator uses this folder (process \(owner.processID) on \(owner.host.prefix(64)));"
                + " stop it, choose another folder with --state, or, if it is gone for good, start with --take-over")
    }

    // MARK: The heartbeat

    private func beat() {
        let (epoch, text) = state.withLock { state -> (Int, String?) in
            state.beats += 1
            return (state.epoch, state.isGivenUp ? nil : "\(state.beats) \(UInt64.random(in: 0...UInt64.max))")
        }
        // One that was superseded leaves the folder alone.
        if let text, files.highestEpoch == epoch { files.beat(epoch, text) }
    }

    private func beatAgainLater() {
        queue.asyncAfter(deadline: .now() + Self.secondsBetweenBeats) { [weak self] in
            self?.beat()
            self?.beatAgainLater()
        }
    }
}

extension OwnerFiles {
    /// Where locks are one for the whole host, this one would not have been free while another process of the host, in
    /// whatever container, had the folder.
    fileprivate func isRunning(_ owner: StateOwner) -> Bool? {
        let here = StateOwner.here
        if let isRunning = owner.isRunning(seenFrom: here) { return isRunning }
        let locksAreShared = owner.boot == here.boot && StateFileSystem.unsafeName(of: folder) == nil
        return locksAreShared ? false : nil
    }

    fileprivate func hasGivenUp(_ epoch: Int) -> Bool { heartbeat(epoch)?.hasPrefix(Self.givenUp) == true }
}
