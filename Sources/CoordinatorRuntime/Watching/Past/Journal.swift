package import RunProtocol

/// What happened to a run, as people read it: the facts, and what is not written down, such as who got which task. Of many
/// entries the oldest are forgotten.
package struct Journal: Sendable {
    private var entries: [RunJournal.Entry] = []
    /// The numbers of the changes that they were.
    private var changes: [Int] = []
    private var last = 0

    init() {}

    /// - Parameter entries: as they were kept, in the order of their numbers.
    init(_ entries: [RunJournal.Entry], change: Int) {
        self.entries = entries
        changes = entries.map { _ in change }
        last = entries.last?.number ?? 0
    }

    /// Whether the fact is among them.
    func has(_ text: String, because reason: String, at time: Double) -> Bool {
        entries.contains { $0.time == time && $0.text == text && $0.reason == reason }
    }

    func has(_ remark: Remark) -> Bool { entries.contains { $0.text == "remark" && $0.reason == remark.text } }

    mutating func add(_ text: String, because reason: String, at time: Double, change: Int) {
        last += 1
        entries.append(RunJournal.Entry(number: last, time: time, text: text, reason: reason))
        changes.append(change)
        // Seldom, since the others move up.
        guard entries.count >= 2 * Limits.journalEntries else { return }
        entries.removeFirst(Limits.journalEntries)
        changes.removeFirst(Limits.journalEntries)
    }

    mutating func add(_ remarks: some Collection<Remark>, at time: Double, change: Int) {
        for remark in remarks { add("remark", because: remark.text, at: time, change: change) }
    }

    /// What has come up after change `number`.
    func entries(afterChange number: Int) -> [RunJournal.Entry] {
        let first = changes.lastIndex { $0 <= number }.map { $0 + 1 } ?? changes.startIndex
        return Array(entries[first...].suffix(Limits.journalEntries))
    }

    /// What follows entry `number`; for 0 the newest.
    package func entries(after number: Int) -> RunJournal {
        let rest = entries.drop { $0.number <= number }
        return RunJournal(
            entries: Array(number > 0 ? rest.prefix(Limits.journalEntries) : rest.suffix(Limits.journalEntries)))
    }
}
