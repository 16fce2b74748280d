import GRDB
import RunProtocol

/// A record's SHA-256, over what is written in it and over the check of the run's record before: a record that was changed,
/// lost, doubled or moved does not fit the ones around it.
struct RecordCheck {
    let text: String

    /// The first of a run's records: its plan.
    init(ofRun row: Row) {
        let time: Double = row["submittedAt"]
        // Runs of an earlier version have no text.
        let text: String = row["planText"] ?? ""
        self.init([row["id"], row["plan"], row["folder"], "\(time.bitPattern)"] + (text.isEmpty ? [] : [text]))
    }

    init(ofEvent row: Row, after check: RecordCheck) {
        let time: Double = row["time"]
        self.init([check.text, row["event"], row["reason"], "\(time.bitPattern)"])
    }

    init(ofQuarantine row: Row) {
        let time: Double = row["time"]
        self.init([row["process"], row["worker"], row["host"], row["reason"], "\(time.bitPattern)"])
    }

    /// Of the last record that a run has.
    init(ofLast run: RunID, _ database: Database) throws {
        let event = try String.fetchOne(
            database, sql: "SELECT \"check\" FROM event WHERE run = ? ORDER BY number DESC LIMIT 1",
            arguments: [run.rawValue])
        let first = try String.fetchOne(
            database, sql: "SELECT \"check\" FROM run WHERE id = ?", arguments: [run.rawValue])
        guard let text = event ?? first else { throw StoreError("there is no run \(run)") }
        self.text = text
    }

    private init(_ parts: [String]) {
        var hasher = DigestHasher()
        for part in parts { Array("\(part.utf8.count) \(part)".utf8).withUnsafeBytes { hasher.update($0) } }
        text = hasher.finish().hex
    }

    /// Gives the records of an earlier version their checks.
    @Sendable static func addColumns(_ database: Database) throws {
        for table in ["run", "event"] {
            try database.alter(table: table) { $0.add(column: "check", .text).notNull().defaults(to: "") }
        }
        for run in try Row.fetchAll(database, sql: "SELECT * FROM run") {
            var check = RecordCheck(ofRun: run)
            try database.execute(
                sql: "UPDATE run SET \"check\" = ? WHERE number = ?", arguments: [check.text, run["number"]])
            let events = try Row.fetchAll(
                database, sql: "SELECT * FROM event WHERE run = ? ORDER BY number", arguments: [run["id"]])
            for event in events {
                check = RecordCheck(ofEvent: event, after: check)
                try database.execute(
                    sql: "UPDATE event SET \"check\" = ? WHERE number = ?", arguments: [check.text, event["number"]])
            }
        }
    }
}
