import Coordination
import RunProtocol

/// What survives the coordinator.
struct Disk {
    private(set) var events: [RunEvent] = []
    private(set) var blobs: Set<Digest> = []

    private(set) var writes = 0

    enum Write {
        case blob(Digest)
        case event(RunEvent)
    }

    mutating func perform(_ write: Write) {
        writes += 1
        switch write {
        case .blob(let digest): blobs.insert(digest)
        case .event(let event): events.append(event)
        }
    }
}
