import DataFormats
import FoundationEssentials
import GRDB
package import RunProtocol

/// What people see of the past beside the facts: events, who had which task, what came of whose tasks, when coordinators
/// were started. No decision depends on it, so it is written a moment later than it happens, or along with the next fact.
extension RunStore {
    /// What has come up since it was written last.
    package struct PastChanges: Sendable {
        package var entries: [RunID: [RunJournal.Entry]] = [:]
        package var spans: [RunID: [Int: TaskSpan]] = [:]
        package var workers: [WorkerID: KnownWorker] = [:]
        package var forgottenWorkers: Set<WorkerID> = []

        package init() {}

        package var isEmpty: Bool {
            entries.isEmpty && spans.isEmpty && workers.isEmpty && forgottenWorkers.isEmpty
        }
    }

    /// A worker process that was there, and what came of its tasks.
    package struct KnownWorker: Codable, Hashable, Sendable {
        package var worker: WorkerID
        package var process: String
        /// Without its nonce.
        package var registration: WorkerRegistration
        /// Seconds since 1970.
        package var joinedAt: Double
        package var heardAt: Double
        package var record: WorkerRecord
        /// How it went, where it is gone: `lost` or `left`.
        package var gone: WorkerStatus.State?

        package init(
            worker: WorkerID, process: String, registration: WorkerRegistration, joinedAt: Double, heardAt: Double,
            record: WorkerRecord, gone: WorkerStatus.State?
        ) {
            (self.worker, self.process, self.registration, self.joinedAt) = (worker, process, registration, joinedAt)
            (self.heardAt, self.record, self.gone) = (heardAt, record, gone)
        }
    }

    /// One coordinator's time with this state folder, in seconds since 1970.
    package struct Life: Hashable, Sendable {
        package var startedAt: Double
        /// When it wrote something last.
        package var aliveAt: Double
        /// Whether it was told to stop; else it was killed, or something else ended it.
        package var wasStopped: Bool
    }

    static func makePastTables(_ database: Database) throws {
        for table in ["entry", "span"] {
            try database.create(table: table, options: .withoutRowID) { definition in
                definition.column("run", .text).notNull()
                definition.column("number", .integer).notNull()
                definition.column("content", .text).notNull()
                definition.primaryKey(["run", "number"])
            }
        }
        try database.create(table: "worker") { table in
            table.primaryKey("name", .text)
            table.column("content", .text).notNull()
        }
        try database.create(table: "life") { table in
            table.autoIncrementedPrimaryKey("number")
            table.column("startedAt", .double).notNull()
            table.column("aliveAt", .double).notNull()
            table.column("wasStopped", .boolean).notNull()
        }
    }

    // MARK: Reading

    /// What cannot be understood is left out: nothing rests on it.
    package func entries(of run: RunID) throws -> [RunJournal.Entry] { try contents("entry", of: run) }
    package func spans(of run: RunID) throws -> [TaskSpan] { try contents("span", of: run) }

    package func knownWorkers() throws -> [KnownWorker] {
        try read { Self.decoded(try String.fetchAll($0, sql: "SELECT content FROM worker ORDER BY name")) }
    }

    /// The oldest first; the last one is this coordinator's.
    package func lives() throws -> [Life] {
        try read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM life ORDER BY number").map {
                Life(startedAt: $0["startedAt"], aliveAt: $0["aliveAt"], wasStopped: $0["wasStopped"])
            }
        }
    }

    private func contents<Content: Decodable>(_ table: String, of run: RunID) throws -> [Content] {
        let sql = "SELECT content FROM \(table) WHERE run = ? ORDER BY number"
        return try read { Self.decoded(try String.fetchAll($0, sql: sql, arguments: [run.rawValue])) }
    }

    private static func decoded<Content: Decodable>(_ texts: [String]) -> [Content] {
        let decoder = JSONDecoder()
        return texts.compactMap { try? decoder.decode(Content.self, from: Data($0.utf8)) }
    }

    // MARK: Writing

    package func beginLife(at time: Double) throws {
        try commit(.commitPast) { database in
            try database.execute(
                sql: "INSERT INTO life (startedAt, aliveAt, wasStopped) VALUES (?, ?, 0)", arguments: [time, time])
            try database.execute(
                sql: "DELETE FROM life WHERE number <= (SELECT max(number) FROM life) - ?",
                arguments: [Limits.lives])
        }
    }

    /// Writes down what has come up.
    /// - Parameter isLast: the coordinator was told to stop.
    package func record(_ changes: PastChanges, at time: Double, isLast: Bool = false) throws {
        try commit(.commitPast) { database in
            try Self.write(changes, database)
            try database.execute(
                sql: "UPDATE life SET aliveAt = ?, wasStopped = ? WHERE number = (SELECT max(number) FROM life)",
                arguments: [time, isLast])
        }
    }

    /// Within a commit.
    static func write(_ changes: PastChanges, _ database: Database) throws {
        for (run, entries) in changes.entries {
            try write(entries.map { ($0.number, $0) }, into: "entry", of: run, atMost: Limits.journalEntries, database)
        }
        for (run, spans) in changes.spans {
            try write(spans.map { ($0.key, $0.value) }, into: "span", of: run, atMost: Limits.spans, database)
        }
        let encoder = JSONEncoder()
        for (name, worker) in changes.workers {
            try database.execute(
                sql: "INSERT OR REPLACE INTO worker (name, content) VALUES (?, ?)",
                arguments: [name.rawValue, String(decoding: try encoder.encode(worker), as: UTF8.self)])
        }
        for worker in changes.forgottenWorkers {
            try database.execute(sql: "DELETE FROM worker WHERE name = ?", arguments: [worker.rawValue])
        }
    }

    /// Of many the oldest are dropped.
    private static func write(
        _ contents: [(number: Int, content: some Encodable)], into table: String, of run: RunID, atMost most: Int,
        _ database: Database
    ) throws {
        let encoder = JSONEncoder()
        let insert = try database.cachedStatement(
            sql: "INSERT OR REPLACE INTO \(table) (run, number, content) VALUES (?, ?, ?)")
        for (number, content) in contents {
            let text = String(decoding: try encoder.encode(content), as: UTF8.self)
            try insert.execute(arguments: [run.rawValue, number, text])
        }
        try database.execute(
            sql:
                "DELETE FROM \(table) WHERE run = ? AND number <= (SELECT max(number) FROM \(table) WHERE run = ?) - ?",
            arguments: [run.rawValue, run.rawValue, most])
    }
}
