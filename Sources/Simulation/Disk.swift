import Coordination
import RunProtocol

/// What survives the coordinator: facts, each whole or not there, and blobs, whose names may be lost with the power as long
/// as they have not been brought to the disk.
struct Disk {
    /// Each run's facts, in the order in which the runs were submitted.
    private(set) var events: [[RunEvent]]
    /// The runs as these facts tell them.
    private(set) var states: [RunState]
    private(set) var quarantines: [Quarantine] = []
    private(set) var blobs: Set<Digest> = []
    private var unsynchronized: Set<Digest> = []
    private(set) var writes = 0

    init(_ runs: [RunState]) {
        states = runs
        events = runs.map { _ in [] }
    }

    var neededBlobs: Set<Digest> { states.reduce(into: []) { $0.formUnion($1.neededBlobs) } }

    enum Write {
        /// A whole file, already on the disk, gets its name.
        case name(Digest)
        /// The names are brought to the disk.
        case synchronize
        case event(RunEvent, of: RunID)
        case quarantine(Quarantine)
        case delete(Digest)
    }

    mutating func perform(_ write: Write) {
        writes += 1
        switch write {
        case .name(let digest):
            if blobs.insert(digest).inserted { unsynchronized.insert(digest) }
        case .synchronize: unsynchronized = []
        case .event(let event, let run):
            guard let place = states.firstIndex(where: { $0.id == run }) else { return }
            events[place].append(event)
            states[place].apply(event)
        case .quarantine(let quarantine): quarantines.append(quarantine)
        case .delete(let digest):
            blobs.remove(digest)
            unsynchronized.remove(digest)
        }
    }

    /// - Parameter isLost: asked for each name that was on its way.
    mutating func powerFails(_ isLost: () -> Bool) {
        for digest in unsynchronized.sorted(by: { $0.hex < $1.hex }) where isLost() { blobs.remove(digest) }
        unsynchronized = []
    }

    mutating func keepOnly(_ needed: Set<Digest>) { blobs.formIntersection(needed) }
}
