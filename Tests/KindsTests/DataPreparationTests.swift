import Coordination
import CoordinatorRuntime
import DataFormats
import Foundation
import Kinds
import PlanFile
import RandomNumbers
import RunProtocol
import RunStore
import TestSite
import Testing

/// Data become blobs: which sample goes where depends on the seed and the data's contents alone.
@Suite struct DataPreparationTests {
    private let site: Site
    private let blobs: BlobFolder

    init() throws {
        site = try Site.stacked()
        blobs = try RunStore(folder: site.folder.appending(path: "blobs").path).blobs
    }

    private func prepare(_ changes: (String, String)...) throws -> StackedManifest { try prepare(changes) }

    private func prepare(_ changes: [(String, String)]) throws -> StackedManifest {
        let text = changes.reduce(site.plan) { $0.replacing($1.0, with: $1.1) }
        return try DataPreparation(
            plan: StackedPlan(yaml: text), folder: site.folder.path, folders: DataFolders([site.folder.path]),
            blobs: blobs
        ).prepare()
    }

    /// Remarks name files.
    private func withoutRemarks(_ changes: (String, String)...) throws -> StackedManifest {
        var manifest = try prepare(changes)
        manifest.remarks = nil
        return manifest
    }

    private func labels(_ labeled: LabeledBlobs) throws -> [Int32] {
        try NPY.labels(blobs.read(labeled.labels), path: "")
    }

    private func samples(_ set: SampleSet) throws -> SampleTable {
        try NPY.samples(blobs.read(set.digest), path: "")
    }

    private func expectError(
        _ expected: String, _ changes: (String, String)..., location: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: (any Error).self, sourceLocation: location) { try prepare(changes) }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains(expected), "\(text)", sourceLocation: location)
        #expect(!text.contains("\n"), sourceLocation: location)
    }

    @Test func everySampleIsInOneShardOrHeldOut() throws {
        let manifest = try prepare()
        #expect(manifest.shards.map(\.count) == [16, 17, 17])
        #expect(manifest.heldOut.count == 10)
        #expect(manifest.inputSize == 4)
        #expect(manifest.shards.allSatisfy { $0.divisor == 255 })
        let rows = try (manifest.shards + [manifest.heldOut]).flatMap { set -> [[UInt8]] in
            guard case .uint8(let values) = try samples(set).numbers else { return [] }
            return stride(from: 0, to: values.count, by: 4).map { Array(values[$0..<$0 + 4]) }
        }
        let all = (0..<60).map { row in (row * 4..<row * 4 + 4).map { UInt8(truncatingIfNeeded: $0 * 37) } }
        #expect(
            rows.map { $0.map(String.init).joined(separator: " ") }.sorted()
                == all.map { $0.map(String.init).joined(separator: " ") }.sorted())
    }

    /// The order that the documents promise, by the plainest way: what is cut must never change for the same data.
    @Test func theShardsAreSlicesOfARandomOrder() throws {
        let manifest = try prepare()
        guard case .uint8(let values) = try SampleFile.samples(site.folder.appending(path: "samples.idx").path).numbers
        else { return }
        var random = Philox(key: 3, stream: Seed.derive(from: 0, 0x6461_7461))
        let order = random.permutation(of: 60).map(Int.init)
        let sets = zip([manifest.heldOut] + manifest.shards, [0..<10, 10..<26, 26..<43, 43..<60])
        for (set, range) in sets {
            let rows = order[range].flatMap { values[$0 * 4..<($0 + 1) * 4] }
            let table = SampleTable(count: range.count, sampleShape: [4], numbers: .uint8(rows))
            #expect(set == SampleSet(digest: Digest(of: NPY.encode(table)), count: range.count, size: 4, divisor: 255))
        }
        // Gzipped, it is read in another way.
        let packed = Process()
        packed.executableURL = URL(filePath: "/usr/bin/gzip")
        packed.arguments = ["--keep", site.folder.appending(path: "samples.idx").path]
        try packed.run()
        packed.waitUntilExit()
        #expect(try withoutRemarks(("samples.idx", "samples.idx.gz")) == withoutRemarks())
    }

    @Test func theFormatAndTheNamesChangeNothing() throws {
        let before = try withoutRemarks()
        let table = try SampleFile.samples(site.folder.appending(path: "samples.idx").path)
        try NPY.encode(table).write(to: site.folder.appending(path: "samples.npy"))
        try NPY.encode(labels: (0..<60).map { $0 % 3 }).write(to: site.folder.appending(path: "labels.npy"))
        #expect(try withoutRemarks(("samples.idx", "samples.npy"), ("labels.idx", "labels.npy")) == before)
        #expect(try withoutRemarks(("seed: 3", "seed: 3\nname: another")) == before)
        #expect(try withoutRemarks(("samples.idx", site.folder.path + "/./samples.idx")) == before)
    }

    @Test func theSeedAndTheSettingsChangeTheHash() throws {
        let before = try prepare()
        let seeded = try prepare(("seed: 3", "seed: 4"))
        #expect(seeded.planHash != before.planHash)
        #expect(Set(seeded.shards.map(\.digest)).isDisjoint(with: before.shards.map(\.digest)))
        #expect(seeded.draws != before.draws)
        #expect(seeded.test == before.test)
        let slower = try prepare(("rounds: 2", "rounds: 3"))
        #expect(slower.planHash != before.planHash)
        #expect(slower.shards == before.shards)
    }

    @Test(arguments: [1, 7, 20]) func aDrawHasSoManyOfEachClass(perClass: Int) throws {
        let manifest = try prepare(("per_class: 2", "per_class: \(perClass)"))
        #expect(manifest.classes == 3)
        #expect(manifest.draws.count == 2)
        for draw in manifest.draws {
            let labels = try labels(draw)
            for label in 0..<3 { #expect(labels.count { $0 == label } == perClass) }
            #expect(draw.samples.count == 3 * perClass)
        }
        // Another draw has others, or the same in another order.
        #expect(manifest.draws[0] != manifest.draws[1])
    }

    @Test func withoutANumberADrawHasAll() throws {
        let manifest = try prepare((", per_class: 2", ""))
        #expect(manifest.draws.map(\.samples.count) == [60, 60])
    }

    @Test func whatIsMissingIsSaid() throws {
        expectError(
            "samples.idx: class 0 has 20 examples, fewer than per_class: 21", ("per_class: 2", "per_class: 21"))
        expectError("has 60 samples, too few for 58 held out and 3 shards", ("held_out: 10", "held_out: 58"))
        try site.write("few.idx", Site.idx(shape: [20, 4], (0..<80).map { UInt8($0) }))
        expectError("there are 20 samples but 60 labels", ("samples: samples.idx, labels", "samples: few.idx, labels"))
        // A limit on both would hide it.
        expectError(
            "there are 20 samples but 60 labels",
            ("samples: samples.idx, labels", "samples: {path: few.idx, limit: 15}, labels"))
    }

    @Test func theLossNeedsItsRange() throws {
        expectError(
            "samples.idx: its numbers go from 0.0 to 2.5",
            ("unlabeled: samples.idx", "unlabeled: {path: samples.idx, divide_by: 100}"))
        let values: [Float] = (0..<240).map { Float($0) / 100 - 1 }
        try NPY.encode(SampleTable(count: 60, sampleShape: [4], numbers: .float32(values)))
            .write(to: site.folder.appending(path: "floats.npy"))
        expectError("its numbers go from -1.0 to 1.3", ("unlabeled: samples.idx", "unlabeled: floats.npy"))
        let manifest = try prepare(
            ("samples.idx", "floats.npy"), ("units: 3", "units: 3, loss: mean_squared_error"))
        #expect(manifest.heldOut.divisor == 1)
    }

    @Test func labeledSamplesMustFit() throws {
        try site.write("wide.idx", Site.idx(shape: [60, 5], [UInt8](repeating: 1, count: 300)))
        expectError(
            "wide.idx: its samples have 5 numbers, the unlabeled samples have 4",
            ("{samples: samples", "{samples: wide"))
        try site.write("more.idx", Site.idx(shape: [60], (0..<60).map { UInt8($0 % 4) }))
        expectError(
            "has the class 3, which no labeled example has",
            ("test: {samples: samples.idx, labels: labels.idx", "test: {samples: samples.idx, labels: more.idx"))
    }

    // MARK: Sizes

    @Test func sizesThatNoMachineHoldsAreRefused() throws {
        expectError("all layers together have 20002 rounds", ("units: 3}", "units: 3, rounds: 20000}"))
        try site.write("many.idx", [0, 0, 8, 2, 0, 0, 0x61, 0xA8, 0, 0, 0, 1] + [UInt8](repeating: 1, count: 25_000))
        expectError(
            "a round of layer 1 would be trained on too many samples",
            ("unlabeled: samples.idx", "unlabeled: many.idx"),
            ("replicas: 2", "replicas: 10000, local_epochs: 10000"))
        expectError(
            "layer 2 would have 2199025352704 weights", ("units: 3}, {units: 2", "units: 1048576}, {units: 1048576"))
        expectError(
            "fine_tuning.class_weights has 2 numbers, but there are 3 classes",
            ("epochs: 2", "epochs: 2, class_weights: [1, 2]"))
        try site.write(
            "rows.idx", [0, 0, 8, 2, 0, 0, 2, 88, 0, 0, 0, 4] + (0..<2_400).map { UInt8(truncatingIfNeeded: $0) })
        try site.write(
            "classes.idx", [0, 0, 0x0B, 1, 0, 0, 2, 88] + (0..<600).flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] })
        expectError(
            "the results of 4 tests with 600 classes are too large",
            (
                "labeled: {samples: samples.idx, labels: labels.idx, per_class: 2",
                "labeled: {samples: rows.idx, labels: classes.idx"
            ))
    }

    @Test func onlyPicturesAreMoved() throws {
        expectError(
            "random_shift moves pictures, but the samples are none", ("units: 3}", "units: 3, random_shift: 1}"))
        try site.write("pictures.idx", Site.idx(shape: [60, 2, 2], (0..<240).map { UInt8($0) }))
        let manifest = try prepare(
            ("unlabeled: samples.idx", "unlabeled: pictures.idx"), ("units: 3}", "units: 3, random_shift: 1}"))
        #expect(manifest.image == ImageShape(height: 2, width: 2, channels: 1))
    }

    // MARK: Folders

    @Test func onlyWhatLiesInTheFoldersIsFound() throws {
        let outside = try Site.stacked()
        let inside = site.folder.resolvingSymlinksInPath().path
        let folders = try DataFolders([site.folder.path])
        let manager = FileManager.default
        try manager.createDirectory(atPath: inside + "/sub", withIntermediateDirectories: true)
        try manager.createSymbolicLink(atPath: inside + "/good", withDestinationPath: "samples.idx")
        try manager.createSymbolicLink(atPath: inside + "/bad", withDestinationPath: outside.folder.path)
        try manager.createSymbolicLink(atPath: inside + "/loop", withDestinationPath: "loop")
        let found = inside + "/samples.idx"
        for path in ["samples.idx", found, "./samples.idx", "sub/../samples.idx", "good", "//\(found)"] {
            #expect(try folders.locate(path, from: inside) == found)
        }
        #expect(try folders.locate("../samples.idx", from: inside + "/sub") == found)
        #expect(try folders.locate(".", from: inside) == inside)
        for path in [
            "gone", "..", "/", "../\(outside.folder.lastPathComponent)/samples.idx", "bad/samples.idx", "bad", "loop",
            outside.folder.path + "/samples.idx", "/etc/passwd", inside + "x", "samples.idx\0",
            String(repeating: "a/", count: 5_000),
        ] {
            let error = #expect(throws: APIError.self) { try folders.locate(path, from: inside) }
            #expect(error?.code == .invalidData)
            #expect(error?.message.contains("is not there, or not below a folder") == true)
        }
        // A folder whose name only begins alike.
        try manager.createDirectory(atPath: inside + "-more", withIntermediateDirectories: true)
        defer { try? manager.removeItem(atPath: inside + "-more") }
        #expect(throws: APIError.self) { try folders.locate(inside + "-more", from: "/") }
        #expect(throws: APIError.self) { try DataFolders(["/gone"]) }
        #expect(try DataFolders(["/"]).locate(found, from: "/") == found)
    }
}
