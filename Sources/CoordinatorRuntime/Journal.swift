import RunProtocol

/// What happened to a run, as people read it: the facts, and what is not written down, such as who got which task. Of many
/// entries the oldest are forgotten.
struct Journal {
    private var entries: [RunJournal.Entry] = []
    private var last = 0

    mutating func add(_ text: String, because reason: String, at time: Double) {
        last += 1
        entries.append(RunJournal.Entry(number: last, time: time, text: text, reason: reason))
        // Seldom, since the others move up.
        if entries.count >= 2 * Limits.journalEntries { entries.removeFirst(Limits.journalEntries) }
    }

    func entries(after number: Int) -> RunJournal {
        let rest = entries.drop { $0.number <= number }
        return RunJournal(
            entries: Array(number > 0 ? rest.prefix(Limits.journalEntries) : rest.suffix(Limits.journalEntries)))
    }
}
