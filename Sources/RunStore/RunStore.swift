package import Coordination
import DataFormats
import FoundationEssentials
import GRDB
import Glibc
package import RunProtocol

/// What survives a crash: runs and their facts in SQLite, blobs in a folder. One program has it at a time.
///
/// ```swift
/// let store = try RunStore(folder: "state")
/// for stored in try store.runs() { ... }
/// ```
package final class RunStore: Sendable {
    package let blobs: BlobFolder
    /// What coordinators of this folder sign leases with.
    package let leaseKey: LeaseKey
    package let ownership: StateOwnership
    let database: DatabasePool

    /// A run as it was handed in, with all that has happened to it.
    package struct StoredRun: Sendable {
        package var id: RunID
        package var plan: Plan
        /// The plan's YAML as it was handed in; empty where an earlier version wrote the run down.
        package var planText: String
        /// What relative paths in the plan start from.
        package var folder: String
        /// Seconds since 1970.
        package var submittedAt: Double
        package var events: [StoredEvent]
    }

    /// How a state folder is opened.
    package struct Options {
        /// Whether it may lie on a file system whose locks are not one for all who mount it.
        package var allowsNetwork = false
        /// Whether it is taken from an owner on another host without a look whether that one lives.
        package var takesOver = false
        /// Hears what takes time.
        package var tell: (String) -> Void = { _ in }

        package init() {}
    }

    /// A fact and when it was written down, in seconds since 1970.
    package struct StoredEvent: Sendable {
        package var event: RunEvent
        package var reason: String
        package var time: Double
    }

    /// Opens the store in `folder`, or makes one.
    /// - Throws: `StoreError` whenever another program has it, a newer program wrote it, or it cannot be written.
    package init(folder: String, options: Options = Options()) throws {
        do { try BlobFolder.makeFolder(folder) } catch {
            throw StoreError("\(folder): the folder cannot be made; choose another place")
        }
        if !options.allowsNetwork { try StateFileSystem.check(folder) }
        // First, so that nothing is touched that another coordinator has.
        ownership = try StateOwnership(folder, takesOver: options.takesOver, tell: options.tell)
        blobs = try BlobFolder(in: folder, ownership: ownership)
        do {
            leaseKey = try LeaseKey(keptIn: folder)
            var configuration = Configuration()
            configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            database = try DatabasePool(path: folder + "/runs.sqlite", configuration: configuration)
            guard try database.read(Self.migrator.hasBeenSuperseded) == false else {
                throw StoreError("\(folder): was written by a newer version of this program; use that one")
            }
            try WritePoint.migrateDatabase.perform { try Self.migrator.migrate(database) }
            try raiseEpoch()
        } catch { throw StoreError(error, folder: folder) }
    }

    /// Gives the folder up: nothing is written in it any more, also by threads that still work.
    package func close() { ownership.giveUp() }

    // MARK: The owner's epoch

    /// The database knows the epoch too: where its locks work, no commit of an earlier owner comes after this.
    private func raiseEpoch() throws {
        let known = try database.read { try Self.epoch($0) }
        if known >= ownership.epoch { try ownership.rise(above: known) }
        try WritePoint.raiseEpoch.perform {
            try database.write { database in
                try check(database, atMost: ownership.epoch - 1)
                try database.execute(sql: "DELETE FROM owner")
                try database.execute(sql: "INSERT INTO owner (epoch) VALUES (?)", arguments: [ownership.epoch])
            }
        }
    }

    private static func epoch(_ database: Database) throws -> Int {
        try Int.fetchOne(database, sql: "SELECT max(epoch) FROM owner") ?? 0
    }

    /// The one way to write a record: what `write` does is committed only while this coordinator owns the folder.
    /// - Parameter kind: of which kind it is, where `point` has several.
    func commit(_ point: WritePoint, kind: String = "", _ write: (Database) throws -> Void) throws {
        try translating {
            try point.perform(kind: kind) {
                try database.write { database in
                    try check(database, atMost: ownership.epoch)
                    try write(database)
                }
            }
        }
    }

    func read<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try translating { try database.read(body) }
    }

    /// Within a commit's transaction.
    private func check(_ database: Database, atMost epoch: Int) throws {
        try ownership.check()
        guard try Self.epoch(database) <= epoch else {
            throw StoreError(ownedElsewhere: "another coordinator has taken the state folder over; this one ends")
        }
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("runs and their events") { database in
            try database.create(table: "run") { table in
                // Runs come in the order in which they were submitted.
                table.autoIncrementedPrimaryKey("number")
                table.column("id", .text).notNull().unique()
                table.column("plan", .text).notNull()
                table.column("folder", .text).notNull()
                table.column("submittedAt", .double).notNull()
            }
            try database.create(table: "event") { table in
                table.autoIncrementedPrimaryKey("number")
                table.column("run", .text).notNull().indexed().references("run", column: "id")
                table.column("event", .text).notNull()
                table.column("time", .double).notNull()
            }
        }
        migrator.registerMigration("why events happened") { database in
            try database.alter(table: "event") { $0.add(column: "reason", .text).notNull().defaults(to: "") }
        }
        migrator.registerMigration("checks of records", migrate: RecordCheck.addColumns)
        migrator.registerMigration("plans as they were written") { database in
            try database.alter(table: "run") { $0.add(column: "planText", .text).notNull().defaults(to: "") }
        }
        migrator.registerMigration("processes that get no more tasks", migrate: makeQuarantineTable)
        migrator.registerMigration("the owner's epoch") { database in
            try database.create(table: "owner") { $0.column("epoch", .integer).notNull() }
        }
        migrator.registerMigration("what people see of the past", migrate: makePastTables)
        return migrator
    }

    // MARK: Reading and writing

    /// All runs, in the order in which they were submitted.
    /// - Throws: `StoreError` whenever a record is not as it was written.
    package func runs() throws -> [StoredRun] {
        try read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM run ORDER BY number").map { row in
                let check = RecordCheck(ofRun: row)
                guard let id = RunID(rawValue: row["id"]), check.text == row["check"] else {
                    throw StoreError(damaged: "the record of run \(row["id"] as String)")
                }
                return StoredRun(
                    id: id, plan: try Self.decode(row["plan"]), planText: row["planText"], folder: row["folder"],
                    submittedAt: row["submittedAt"], events: try Self.events(of: id, after: check, database))
            }
        }
    }

    private static func events(of run: RunID, after first: RecordCheck, _ database: Database) throws -> [StoredEvent] {
        var check = first
        let rows = try Row.fetchAll(
            database, sql: "SELECT * FROM event WHERE run = ? ORDER BY number", arguments: [run.rawValue])
        return try rows.enumerated().map { index, row in
            check = RecordCheck(ofEvent: row, after: check)
            guard check.text == row["check"] else {
                throw StoreError(damaged: "record \(index + 1) of run \(run)")
            }
            return StoredEvent(event: try decode(row["event"]), reason: row["reason"], time: row["time"])
        }
    }

    /// Writes a new run down.
    package func add(_ run: RunID, plan: Plan, text: String, folder: String, at time: Double) throws {
        try commit(.commitRun) { database in
            var row: [String: any DatabaseValueConvertible] = [
                "id": run.rawValue, "plan": try Self.encode(plan), "planText": text, "folder": folder,
                "submittedAt": time,
            ]
            row["check"] = RecordCheck(ofRun: Row(row)).text
            try Self.insert(row, into: "run", database)
        }
    }

    /// Writes a fact down, and what has come up beside it; when this returns it is on the disk.
    package func record(
        _ event: RunEvent, of run: RunID, because reason: String, at time: Double,
        beside past: PastChanges = PastChanges()
    ) throws {
        try commit(.commitFact, kind: event.kind.rawValue) { database in
            var row: [String: any DatabaseValueConvertible] = [
                "run": run.rawValue, "event": try Self.encode(event), "reason": reason, "time": time,
            ]
            row["check"] = RecordCheck(ofEvent: Row(row), after: try RecordCheck(ofLast: run, database)).text
            try Self.insert(row, into: "event", database)
            try Self.write(past, database)
        }
    }

    /// By its columns' names.
    static func insert(
        _ row: [String: any DatabaseValueConvertible], into table: String, replaces: Bool = false,
        _ database: Database
    ) throws {
        let names = row.keys.sorted()
        let columns = names.map { "\"\($0)\"" }.joined(separator: ", ")
        let values = names.map { ":\($0)" }.joined(separator: ", ")
        try database.execute(
            sql: "INSERT \(replaces ? "OR REPLACE " : "")INTO \(table) (\(columns)) VALUES (\(values))",
            arguments: StatementArguments(row))
    }

    private func translating<Result>(_ work: () throws -> Result) throws -> Result {
        do { return try work() } catch { throw StoreError(error, folder: "the coordinator's state") }
    }

    private static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private static func decode<Value: Decodable>(_ text: String) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(text.utf8))
    }
}

/// Why the state cannot be read or written, in one line.
package struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
    /// Whether another coordinator has the state folder: then this one must end.
    package let isOwnedElsewhere: Bool

    package init(_ description: String) {
        self.description = description
        isOwnedElsewhere = false
    }

    init(ownedElsewhere description: String) {
        self.description = description
        isOwnedElsewhere = true
    }

    /// Something else has written to the database, or its disk has lost something.
    init(damaged what: String) {
        self.init("\(what) is damaged: bring back a copy of the state folder, or start with another one")
    }

    init(_ error: any Error, folder: String) {
        switch error {
        case let error as StoreError: self = error
        case let error as DataError: self.init(error.description)
        case let error as DatabaseError where error.lacksSharedMemory:
            self.init(
                "\(folder): this file system has no shared memory maps, which SQLite's write-ahead log needs; choose a"
                    + " folder on a local disk with --state")
        case let error as DatabaseError where error.resultCode == .SQLITE_FULL:
            self.init("\(folder): the disk is full; make room and start again: nothing is lost")
        case let error as DatabaseError where error.resultCode == .SQLITE_IOERR:
            self.init(
                "\(folder): the disk is full or failing (\(error.extendedResultCode)); make room and start again: nothing is lost"
            )
        case let error as DatabaseError
        where [.SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL].contains(error.resultCode):
            self.init("\(folder): another program holds a lock on runs.sqlite; stop it and start again")
        case let error as DatabaseError where error.resultCode == .SQLITE_READONLY:
            self.init("\(folder): cannot be written; make it writable: nothing is lost")
        case let error as DatabaseError where error.resultCode == .SQLITE_NOTADB:
            self.init("\(folder): runs.sqlite is not this program's database; choose another folder with --state")
        case let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT:
            self.init(damaged: "runs.sqlite in \(folder)")
        case is DecodingError:
            self.init("\(folder): a record cannot be understood; was it written by another version of this program?")
        default: self.init("\(folder): \(error)")
        }
    }
}

extension DatabaseError {
    /// Where a folder cannot be mapped by several connections.
    fileprivate var lacksSharedMemory: Bool {
        let codes: [ResultCode] = [
            .SQLITE_IOERR_SHMOPEN, .SQLITE_IOERR_SHMSIZE, .SQLITE_IOERR_SHMLOCK, .SQLITE_IOERR_SHMMAP,
        ]
        return codes.contains(extendedResultCode) || message?.contains("could not activate WAL") == true
    }
}
