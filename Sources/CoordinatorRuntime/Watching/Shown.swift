import RunProtocol

/// Values as those who watch were last told of them, each with the number of the change that made it so.
struct Shown<Key: Hashable, Value: Equatable> {
    private var known: [Key: (value: Value, change: Int)] = [:]

    /// Takes the value as it is now.
    ///
    /// - Parameter lastChange: the number of changes so far: one more where the value is another one.
    mutating func update(_ key: Key, _ value: Value, _ lastChange: inout Int) {
        if let shown = known[key], shown.value == value { return }
        lastChange += 1
        known[key] = (value, lastChange)
    }

    /// Whether the value has changed after change `number`.
    func isNew(_ key: Key, after number: Int) -> Bool { known[key].map { $0.change > number } ?? false }

    subscript(key: Key) -> Value? { known[key]?.value }

    mutating func keepOnly(_ keys: Set<Key>) {
        guard known.count > keys.count else { return }
        known = known.filter { keys.contains($0.key) }
    }
}
