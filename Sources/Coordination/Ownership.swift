/// Who has a state folder, as the file `owner.EPOCH` in it says. The highest epoch has it; an epoch is taken by a link that
/// succeeds only once, so that it rests on no lock.
package struct StateOwner: Codable, Hashable, Sendable {
    package var host: String
    /// Of one start of the host's system; processes are compared only within it.
    package var boot: String
    /// The space in which the process' number means something: containers have their own.
    package var processSpace: String
    package var processID: Int
    /// When the process started, in ticks since the system's start: numbers of processes come again.
    package var startedAt: String

    package init(host: String, boot: String, processSpace: String, processID: Int, startedAt: String) {
        (self.host, self.boot, self.processSpace, self.processID) = (host, boot, processSpace, processID)
        self.startedAt = startedAt
    }

    /// Whether both can see each other's processes.
    package func isBeside(_ other: StateOwner) -> Bool {
        !boot.isEmpty && boot == other.boot && processSpace == other.processSpace
    }
}

/// What a coordinator that starts knows of the folder's newest owner.
package struct OwnerSighting: Hashable, Sendable {
    /// 0: the folder has had none.
    package var epoch: Int
    /// Nil where its file cannot be read.
    package var owner: StateOwner?
    package var hasGivenUp: Bool
    /// Whether its process is there; nil where that cannot be seen from here.
    package var isRunning: Bool?
    /// Whether its heartbeat changed while it was watched; nil before.
    package var heartMoved: Bool?

    package init(epoch: Int, owner: StateOwner?, hasGivenUp: Bool, isRunning: Bool?, heartMoved: Bool? = nil) {
        (self.epoch, self.owner, self.hasGivenUp, self.isRunning) = (epoch, owner, hasGivenUp, isRunning)
        self.heartMoved = heartMoved
    }
}

/// The rules by which a state folder changes hands. They know of no clock and no file.
package enum Ownership {
    package enum Decision: Hashable, Sendable {
        case take(epoch: Int)
        /// Watch the owner's heartbeat, and ask again.
        case watch
        case refuse
    }

    /// - Parameter takesOver: whether a person said that the owner elsewhere is gone.
    package static func decide(_ seen: OwnerSighting, takesOver: Bool) -> Decision {
        let next = Decision.take(epoch: seen.epoch + 1)
        guard seen.epoch > 0, !seen.hasGivenUp else { return next }
        switch (seen.isRunning, seen.heartMoved) {
        case (true?, _): return .refuse
        case (false?, _): return next
        case (nil, _) where takesOver: return next
        case (nil, nil): return .watch
        case (nil, let moved?): return moved ? .refuse : next
        }
    }

    /// Whether the owner of `epoch` still has a folder whose highest epoch is `highest`.
    package static func holds(epoch: Int, highest: Int?) -> Bool { highest == epoch }
}
