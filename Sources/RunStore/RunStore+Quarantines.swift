package import Coordination
import GRDB
import DataFormats
import RunProtocol

/// Which worker processes get no more tasks: whatever run they worked on, and after a restart too.
extension RunStore {
    @Sendable static func makeQuarantineTable(_ database: Database) throws {
        try database.create(table: "quarantine") { table in
            table.autoIncrementedPrimaryKey("number")
            table.column("process", .text).notNull().unique()
            table.column("worker", .text).notNull()
            table.column("host", .text).notNull()
            table.column("reason", .text).notNull()
            table.column("time", .double).notNull()
            table.column("check", .text).notNull()
        }
    }

    /// All that are remembered, the oldest first.
    /// - Throws: `StoreError` whenever a record is not as it was written.
    package func quarantines() throws -> [Quarantine] {
        try read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM quarantine ORDER BY number").map { row in
                guard let worker = WorkerID(rawValue: row["worker"]),
                    RecordCheck(ofQuarantine: row).text == row["check"]
                else { throw StoreError(damaged: "the record of the quarantine of \(row["worker"] as String)") }
                return Quarantine(
                    process: row["process"], worker: worker, host: row["host"], reason: row["reason"])
            }
        }
    }

    /// Writes one down; when this returns it is on the disk. Of very many only the newest are kept: the oldest processes
    /// are gone.
    package func record(_ quarantine: Quarantine, at time: Double) throws {
        try commit(.commitQuarantine) { database in
            var row: [String: any DatabaseValueConvertible] = [
                "process": quarantine.process, "worker": quarantine.worker.rawValue, "host": quarantine.host,
                "reason": quarantine.reason, "time": time,
            ]
            row["check"] = RecordCheck(ofQuarantine: Row(row)).text
            try Self.insert(row, into: "quarantine", replaces: true, database)
            try database.execute(
                sql: """
                    DELETE FROM quarantine WHERE number NOT IN
                    (SELECT number FROM quarantine ORDER BY number DESC LIMIT ?)
                    """, arguments: [Limits.quarantines])
        }
    }
}
