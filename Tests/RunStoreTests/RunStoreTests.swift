import Coordination
import Foundation
import GRDB
import RunProtocol
import RunStore
import Testing

@Suite struct RunStoreTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    private let run = RunID(rawValue: "run-1")!

    private func plan() -> Plan {
        Plan(
            name: "small", seed: 1,
            settings: [
                "data": .object(["path": .text("x"), "heldOut": .whole(1)]),
                "layers": .list([.object(["units": .whole(2), "rate": .number(0.1)])]),
            ])
    }

    @Test func runsAndTheirFactsComeBackInOrder() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        do {
            let store = try RunStore(folder: folder.path)
            try store.add(run, plan: plan(), text: "", folder: "/somewhere", at: 5)
            try store.add(RunID(rawValue: "run-0")!, plan: plan(), text: "", folder: "/else", at: 6)
            try store.record(.failed(reason: "because"), of: run, because: "of a test", at: 7)
            try store.record(.cancelled, of: run, because: "of another", at: 8)
        }
        let runs = try RunStore(folder: folder.path).runs()
        #expect(runs.map(\.id.rawValue) == ["run-1", "run-0"])
        #expect(runs[0].plan == plan())
        #expect(runs[0].folder == "/somewhere")
        #expect(runs[0].events.map(\.event) == [.failed(reason: "because"), .cancelled])
        #expect(runs[0].events.map(\.time) == [7, 8])
        #expect(runs[1].events.isEmpty)
    }

    @Test func oneProgramHasItAtATime() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try RunStore(folder: folder.path)
        let error = #expect(throws: StoreError.self) { try RunStore(folder: folder.path) }
        #expect(error?.description.contains("another coordinator") == true)
        _ = store
    }

    @Test func aFileThatIsNoDatabaseIsRefused() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(repeating: 7, count: 10_000).write(to: folder.appending(path: "runs.sqlite"))
        let error = #expect(throws: StoreError.self) { try RunStore(folder: folder.path) }
        #expect(error?.description.contains("is not this program's database") == true)
    }

    /// What a disk or a person may do to the database's file.
    @Test(arguments: [
        ("UPDATE event SET time = 9 WHERE number = 2", "record 2 of run run-1"),
        ("UPDATE event SET reason = '' WHERE number = 1", "record 1 of run run-1"),
        ("UPDATE event SET event = replace(event, 'because', 'perhaps') WHERE number = 1", "record 1 of run run-1"),
        ("DELETE FROM event WHERE number = 1", "record 1 of run run-1"),
        ("UPDATE run SET plan = replace(plan, '\"seed\":1', '\"seed\":2')", "the record of run run-1"),
    ]) func aRecordThatWasChangedIsFound(change: String, damaged: String) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        do {
            let store = try RunStore(folder: folder.path)
            try store.add(run, plan: plan(), text: "", folder: "/somewhere", at: 5)
            try store.record(.failed(reason: "because"), of: run, because: "of a test", at: 7)
            try store.record(.cancelled, of: run, because: "of another", at: 8)
            try store.record(.cancelled, of: run, because: "of a third", at: 9)
        }
        try sqlite(change)
        let error = #expect(throws: StoreError.self) { try RunStore(folder: folder.path).runs() }
        #expect(error?.description.contains("\(damaged) is damaged: bring back a copy") == true, "\(error as Any)")
    }

    @Test func recordsOfAnEarlierVersionGetTheirChecks() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        do {
            let store = try RunStore(folder: folder.path)
            try store.add(run, plan: plan(), text: "", folder: "/somewhere", at: 5)
            try store.record(.cancelled, of: run, because: "of a test", at: 8)
        }
        try sqlite(
            """
            ALTER TABLE run DROP COLUMN "check"; ALTER TABLE event DROP COLUMN "check";
            DELETE FROM grdb_migrations WHERE identifier = 'checks of records'
            """)
        let store = try RunStore(folder: folder.path)
        try store.record(.cancelled, of: run, because: "of another", at: 9)
        #expect(try store.runs()[0].events.map(\.time) == [8, 9])
    }

    private func sqlite(_ statements: String) throws {
        try DatabaseQueue(path: folder.appending(path: "runs.sqlite").path).write { try $0.execute(sql: statements) }
    }

    @Test func aBlobThatWasChangedIsFound() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let blobs = try RunStore(folder: folder.path).blobs
        let digest = try blobs.put(Data("one".utf8))
        try blobs.verify(digest)
        try Data("two".utf8).write(to: URL(filePath: blobs.path(of: digest)))
        #expect(damage(digest, blobs)?.isMissing == false)
        blobs.delete([digest])
        #expect(damage(digest, blobs)?.isMissing == true)
    }

    private func damage(_ digest: Digest, _ blobs: BlobFolder) -> DamagedBlob? {
        #expect(throws: DamagedBlob.self) { try blobs.verify(digest) }
    }

    @Test func blobsAreKeptReadAndSwept() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let blobs = try RunStore(folder: folder.path).blobs
        let first = try blobs.put(Data("one".utf8))
        let upload = blobs.uploadFolder + "/upload"
        try Data("two".utf8).write(to: URL(filePath: upload))
        let second = Digest(of: Data("two".utf8))
        try blobs.adopt(UploadedFile(path: upload, bytes: 3, digest: second))
        #expect(try blobs.read(first) == Array("one".utf8))
        #expect(try blobs.read(second) == Array("two".utf8))
        #expect(blobs.size(of: second) == 3)
        #expect(!FileManager.default.fileExists(atPath: upload))
        blobs.keepOnly([second])
        #expect(blobs.size(of: first) == nil)
        blobs.delete([second])
        #expect(blobs.size(of: second) == nil)
    }
}
