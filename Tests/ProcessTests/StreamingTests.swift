import DataFormats
import Foundation
import Testing

/// Data of any size are read with little memory, or refused with both sizes.
@Suite(.serialized, .timeLimit(.minutes(5))) struct StreamingTests {
    private static let rows = 20_000
    private static let size = 10_000

    /// Runs the program with so little memory for data that none of the files here would fit.
    private func run(_ arguments: [String], in desk: Desk, scratch: String? = nil) throws -> Cairn.Ended {
        let environment = scratch.map { "TMPDIR='\($0)' " } ?? ""
        let words = ([Cairn.path] + arguments).map { "'\($0)'" }.joined(separator: " ")
        return try Cairn.run(["-c", "ulimit -d 150000; \(environment)exec \(words)"], program: "/bin/bash")
    }

    private func shell(_ command: String) throws {
        let ended = try Cairn.run(["-c", command], program: "/bin/bash")
        try #require(ended.status == 0, "\(ended.errors)")
    }

    /// 200 MB that pack well: zeros behind a first row that counts.
    private func array(_ name: String, on desk: Desk) throws {
        let bytes =
            NPY.header(.uint8, count: Self.rows, size: Self.size) + Data((0..<Self.size).map { UInt8($0 % 200) })
        try bytes.write(to: desk.folder.appending(path: name))
        try shell("truncate -s \(bytes.count + (Self.rows - 1) * Self.size) '\(desk.path(name))'")
    }

    private func expectInspected(_ path: String, in desk: Desk) throws {
        let ended = try run(["data", "inspect", "--json", "--quiet", path], in: desk)
        try #require(ended.status == 0, "\(ended.errors)")
        let found = try JSONDecoder().decode(SampleDescription.self, from: Data(ended.output.utf8))
        #expect((found.samples, found.minimum, found.maximum) == (Self.rows, 0, 199))
    }

    @Test func arraysNeedNotFit() throws {
        let desk = try Desk()
        try array("a.npy", on: desk)
        try expectInspected(desk.path("a.npy"), in: desk)
        try shell("gzip -1 -k '\(desk.path("a.npy"))'")
        try expectInspected(desk.path("a.npy.gz"), in: desk)
    }

    @Test func aFolderOfImagesNeedsNotFit() throws {
        let desk = try Desk()
        try FileManager.default.createDirectory(
            at: desk.folder.appending(path: "images"), withIntermediateDirectories: true)
        // 600 images of 400 x 400: as numbers 288 MB.
        for index in 0..<600 {
            let pixels = [UInt8](repeating: UInt8(index % 250), count: 400 * 400 * 3)
            try PNG.encode(width: 400, height: 400, channels: 3, pixels: pixels)
                .write(to: desk.folder.appending(path: "images/\(index).png"))
        }
        let ended = try run(["data", "inspect", "--json", "--quiet", desk.path("images")], in: desk)
        try #require(ended.status == 0, "\(ended.errors)")
        let found = try JSONDecoder().decode(SampleDescription.self, from: Data(ended.output.utf8))
        #expect((found.samples, found.sampleShape, found.maximum) == (600, [400, 400, 3], 249))
    }

    @Test func aNetworkIsEvaluatedPartByPart() throws {
        let desk = try Desk()
        try array("a.npy", on: desk)
        let plan = try desk.write(
            "plan.yaml",
            """
            data: {unlabeled: {path: a.npy, limit: 100}, held_out: 10, shards: 1}
            layers: [{units: 4}]
            pretraining: {rounds: 1, replicas: 1}
            """)
        let trained = try Cairn.run(["pretrain", plan, "--output", desk.path("out"), "--quiet"])
        try #require(trained.status == 0, "\(trained.errors)")
        let weights = desk.path("out/weights.safetensors")
        let ended = try run(
            ["evaluate", weights, "--samples", desk.path("a.npy"), "--json", "--quiet"], in: desk)
        try #require(ended.status == 0, "\(ended.errors)")
        #expect(ended.output.contains("\"tested\" : \(Self.rows)"))
    }

    @Test(.enabled(if: SmallDisk.isPossible, "mounting a small tmpfs needs root and the right to mount"))
    func noRoomIsToldWithBothSizes() throws {
        let desk = try Desk()
        try array("a.npy", on: desk)
        try shell("gzip -1 '\(desk.path("a.npy"))'")
        try SmallDisk.mounted(kibibytes: 4_096) { disk in
            let path = desk.path("a.npy.gz")
            let ended = try run(["data", "inspect", "--quiet", path], in: desk, scratch: disk.path)
            #expect(ended.status == 1)
            #expect(ended.errors.contains("where 4") && ended.errors.contains("are free; set TMPDIR"))
        }
    }
}
