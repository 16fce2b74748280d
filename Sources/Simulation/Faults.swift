import RandomNumbers

/// What goes wrong in a simulated cluster: shares are of messages, writes or seconds, 0 ... 1.
package struct Faults: Hashable, Sendable {
    /// A message gets lost, on the way there or on the way back.
    package var drop = 0.0
    /// A request arrives twice.
    package var duplicate = 0.0
    /// How many milliseconds a message takes at most: later ones overtake earlier ones.
    package var delay = 50
    /// The coordinator is killed right before or right after a write.
    package var crash = 0.0
    /// Of the crashes, those in which the power fails.
    package var powerFailure = 0.0
    /// A write fails: the disk is full or failing for a moment.
    package var writeError = 0.0
    /// Each second: a worker is killed, and another starts in its place.
    package var death = 0.0
    /// Each second: a worker stands still for up to two minutes and then goes on as if nothing had happened.
    package var pause = 0.0
    /// Each second: a worker's network fails one way or both ways for up to a minute.
    package var partition = 0.0
    /// Each second: a worker hangs in its task and goes on sending heartbeats, for up to five minutes or until it is killed.
    package var hang = 0.0
    /// Each second: what stands between a worker and the coordinator lets no result through, for up to five minutes.
    package var block = 0.0
    /// Each second: a worker says that it leaves, and another starts in its place.
    package var leave = 0.0
    /// Of the workers, those that need ten times as long.
    package var slow = 0.0
    /// Of the workers, those whose answers cannot be used.
    package var liars = 0.0
    /// Of the workers, those whose answers look well and are wrong; then each task is done by two.
    package var wrong = 0.0
    /// A second run whose training diverges in its second round with every worker.
    package var diverges = false
    /// One host, whose workers say of all that they do that it diverges or failed.
    package var isOneHostBroken = false
    /// Of the workers, those that have not the memory for training tasks.
    package var small = 0.0
    /// Of the workers, those that go on under a new name when they are quarantined, and send what they have.
    package var stubborn = 0.0
    /// Each second: a message comes under a name that is another's or nobody's, with a token that is none or another's.
    package var forgery = 0.0
    /// How many requests for a task a worker sends at once.
    package var requests = 1

    package init() {}

    /// A mixture of its own for each seed: some have one kind of fault only, some all kinds.
    package init(seed: UInt64) {
        var random = Philox(key: seed, stream: 1)
        func share(_ most: Float) -> Double { random.next(below: 2) == 0 ? 0 : Double(random.nextUnit() * most) }
        drop = share(0.3)
        duplicate = share(0.3)
        delay = 1 + random.next(below: random.next(below: 3) == 0 ? 20_000 : 500)
        crash = share(0.05)
        writeError = share(0.02)
        death = share(0.02)
        pause = share(0.01)
        partition = share(0.02)
        slow = share(0.5)
        liars = share(0.5)
        powerFailure = share(1)
        wrong = random.next(below: 3) == 0 ? 0.5 : 0
        diverges = random.next(below: 4) == 0
        isOneHostBroken = random.next(below: 3) == 0
        small = share(0.5)
        stubborn = share(1)
        forgery = share(0.5)
        requests = random.next(below: 8) == 0 ? 4 : 1
        hang = share(0.01)
        block = share(0.01)
        leave = share(0.01)
    }
}
