import Foundation

/// A folder for a test's files, removed with it.
final class Desk {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "cairn-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func path(_ name: String) -> String { folder.appending(path: name).path }

    var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
    }

    @discardableResult func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: folder.appending(path: name))
        return path(name)
    }

    @discardableResult func write(_ name: String, _ text: String) throws -> String {
        try write(name, Array(text.utf8))
    }

    /// A folder with one grey pixel, and two beside each other.
    func pictures() throws {
        try FileManager.default.createDirectory(atPath: path("pictures"), withIntermediateDirectories: true)
        for (name, text) in [
            ("a.png", "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGPgBAAACwAKwyvukgAAAABJRU5ErkJggg=="),
            ("b.png", "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAAAAADRSSBWAAAAC0lEQVR4nGPg5AQAAB4AE+sZciUAAAAASUVORK5CYII="),
        ] { try write("pictures/\(name)", Array(Data(base64Encoded: text) ?? Data())) }
    }

    /// Samples of one byte each.
    static func idx(samples: UInt8, missing: Int = 0) -> [UInt8] {
        [0, 0, 8, 2, 0, 0, 0, samples, 0, 0, 0, 1] + (0..<Int(samples) - missing).map { UInt8($0) }
    }

    /// A plan that is done in an instant.
    static func plan(data: String, units: Int = 2, rounds: Int = 1, more: String = "", end: String = "") -> String {
        """
        data:
          unlabeled: \(data)
          held_out: 4
          shards: 2
        \(more)
        layers: [{units: \(units)}]
        pretraining: {rounds: \(rounds)}
        \(end)

        """
    }
}

extension Desk {
    /// Two gigabytes of text: gzipped pieces one after the other are one file.
    static func withLargeText() throws -> (Desk, plan: String) {
        let desk = try Desk()
        let cell = "0." + String(repeating: "1234567890", count: 20)
        let row = Array(repeating: cell, count: 50).joined(separator: ",") + "\n"
        try desk.write("piece", String(repeating: row, count: 200))
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/gzip")
        process.arguments = [desk.path("piece")]
        try process.run()
        process.waitUntilExit()
        let piece = try Data(contentsOf: desk.folder.appending(path: "piece.gz"))
        var all = Data()
        for _ in 0..<1_000 { all += piece }
        try all.write(to: desk.folder.appending(path: "samples.csv.gz"))
        return (desk, try desk.write("plan.yaml", Desk.plan(data: "samples.csv.gz")))
    }
}
