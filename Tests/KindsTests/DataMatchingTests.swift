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

/// Labeled samples and those to test on beside the unlabeled ones: the same columns, classes, shape and scale, or an error.
@Suite struct DataMatchingTests {
    private let site: Site
    private let blobs: BlobFolder

    init() throws {
        site = try Site.stacked()
        blobs = try RunStore(folder: site.folder.appending(path: "blobs").path).blobs
    }

    private func prepare(
        unlabeled: String, labeled: String, test: String, layer: String = "units: 3, loss: mean_squared_error",
        fineTuning: String = "epochs: 2"
    ) throws -> StackedManifest {
        let text = """
            data: {unlabeled: \(unlabeled), held_out: 10, labeled: {draws: 2, \(labeled)}, test: {\(test)}}
            layers: [{\(layer)}]
            fine_tuning: {\(fineTuning)}
            """
        return try DataPreparation(
            plan: StackedPlan(yaml: text), folder: site.folder.path, folders: DataFolders([site.folder.path]),
            blobs: blobs
        ).prepare()
    }

    private func error(_ body: () throws -> StackedManifest, location: SourceLocation = #_sourceLocation) -> String {
        let error = #expect(throws: (any Error).self, sourceLocation: location) { try body() }
        let text = error.map { "\($0)" } ?? ""
        #expect(!text.contains("\n"), sourceLocation: location)
        return text
    }

    private func write(_ name: String, _ text: String) throws { try site.write(name, Array(text.utf8)) }

    private func npy(_ name: String, type: String, shape: [Int], _ bytes: [UInt8]) throws {
        let sides = shape.map { "\($0)" }.joined(separator: ", ") + (shape.count == 1 ? "," : "")
        let text = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(sides)), }\n"
        let length = UInt16(text.utf8.count)
        try site.write(
            name,
            [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + Array(text.utf8) + bytes)
    }

    // MARK: Columns

    /// Rows of three numbers and a class, their columns in the order of `order`.
    private func table(_ order: [String], rows: Range<Int> = 0..<60, names: Bool = true) -> String {
        let lines = rows.map { row in
            order.map { name in
                switch name {
                case "a": "\(row % 7)"
                case "b": "\(row % 5).5"
                case "c": "\(row % 11)"
                case "y": "\(row % 3)"
                default: "\(row)"
                }
            }.joined(separator: ",")
        }
        return ((names ? [order.joined(separator: ",")] : []) + lines).joined(separator: "\n") + "\n"
    }

    @Test(arguments: [["a", "b", "c", "y"], ["y", "c", "b", "a"], ["b", "y", "a", "c"], ["c", "a", "y", "b"]])
    func columnsInAnyOrderGiveTheSameBits(order: [String]) throws {
        try write("plain.csv", table(["a", "b", "c"]))
        try write("straight.csv", table(["a", "b", "c", "y"]))
        try write("turned.csv", table(order))
        let labeled = "samples: straight.csv, labels: {column: y}"
        let expected = try prepare(unlabeled: "plain.csv", labeled: labeled, test: labeled)
        #expect(expected.columns == ["a", "b", "c"])
        let turned = "samples: turned.csv, labels: {column: y}"
        for (labels, test) in [(labeled, turned), (turned, labeled), (turned, turned)] {
            let found = try prepare(unlabeled: "plain.csv", labeled: labels, test: test)
            #expect(found.draws == expected.draws && found.test == expected.test)
            #expect(found.planHash == expected.planHash)
        }
    }

    @Test func missingAndForeignColumnsAreNamed() throws {
        try write("plain.csv", table(["a", "b", "c"]))
        try write("good.csv", table(["a", "b", "c", "y"]))
        try write("bad.csv", table(["a", "when", "b", "y"]))
        let good = "samples: good.csv, labels: {column: y}"
        let bad = "samples: bad.csv, labels: {column: y}"
        for (labeled, test) in [(good, bad), (bad, good)] {
            let text = error { try prepare(unlabeled: "plain.csv", labeled: labeled, test: test) }
            #expect(text.contains("bad.csv: it lacks the column 'c'"), "\(text)")
            #expect(text.contains("it has the column 'when'") && text.contains("without: [when]"), "\(text)")
        }
        // The label belongs to no sample, wherever it comes from.
        let file = "samples: good.csv, labels: labels.idx"
        let text = error { try prepare(unlabeled: "plain.csv", labeled: file, test: file) }
        #expect(text.contains("it has the column 'y'"), "\(text)")
    }

    @Test(arguments: [["y", "a", "b", "c"], ["a", "b", "y", "c"]])
    func theLabelColumnOfTheUnlabeledFileIsLeftOutAndThatIsSaid(order: [String]) throws {
        try write("plain.csv", table(["a", "b", "c"]))
        try write("all.csv", table(order))
        let labeled = "samples: all.csv, labels: {column: y}"
        let expected = try prepare(unlabeled: "plain.csv", labeled: labeled, test: labeled)
        let found = try prepare(unlabeled: "all.csv", labeled: labeled, test: labeled)
        #expect(found.shards == expected.shards && found.draws == expected.draws && found.columns == ["a", "b", "c"])
        #expect(found.remarks?.contains { $0.contains("column 'y', which holds the labels, is left out") } == true)
    }

    /// Of one file a position says it too.
    @Test(arguments: [["y", "a", "b", "c"], ["a", "b", "y", "c"]])
    func withoutNamesTheLabelColumnOfOneFileIsKnownByItsPosition(order: [String]) throws {
        try write("plain.csv", table(["a", "b", "c"], names: false))
        try write("all.csv", table(order, names: false))
        let labeled = "samples: all.csv, labels: {column: \((order.firstIndex(of: "y") ?? 0) + 1)}"
        let expected = try prepare(unlabeled: "plain.csv", labeled: labeled, test: labeled)
        let found = try prepare(unlabeled: "all.csv", labeled: labeled, test: labeled)
        #expect(found.shards == expected.shards && found.draws == expected.draws && found.columns == nil)
        #expect(found.remarks?.contains { $0.contains("which holds the labels, is left out") } == true)
    }

    // MARK: Classes

    @Test func aClassThatTheTestLacksShiftsNoOther() throws {
        let labeled = "samples: samples.idx, labels: labels.idx"
        let expected: [UInt8] = (0..<60).map { $0 % 3 == 0 ? 2 : $0 % 3 }
        try site.write("some.idx", Site.idx(shape: [60], expected))
        let manifest = try prepare(
            unlabeled: "samples.idx", labeled: labeled, test: "samples: samples.idx, labels: some.idx")
        #expect(manifest.classNames == ["0", "1", "2"])
        let labels = try NPY.labels(blobs.read(try #require(manifest.test).labels), path: "")
        #expect(labels == expected.map { Int32($0) })
    }

    @Test(arguments: [0, 17, 59]) func aForeignClassAnywhereIsNamed(place: Int) throws {
        var labels = (0..<60).map { UInt8($0 % 3) }
        labels[place] = 9
        try site.write("other.idx", Site.idx(shape: [60], labels))
        let text = error {
            try prepare(
                unlabeled: "samples.idx", labeled: "samples: samples.idx, labels: labels.idx",
                test: "samples: samples.idx, labels: other.idx")
        }
        #expect(text.contains("has the class 9, which no labeled example has (1 sample)"), "\(text)")
        #expect(text.contains("the classes are 0, 1, 2"), "\(text)")
    }

    @Test func weightsOfClassesAreCountedByName() throws {
        let labeled = "samples: samples.idx, labels: labels.idx"
        let text = error {
            try prepare(
                unlabeled: "samples.idx", labeled: labeled, test: labeled,
                fineTuning: "epochs: 2, class_weights: [1, 2]")
        }
        #expect(text.contains("in this order: 0, 1, 2"), "\(text)")
    }

    // MARK: Scale

    @Test func thePixelsOfAnyTypeAreScaledAlike() throws {
        let pixels = (0..<240).map { UInt8(truncatingIfNeeded: $0 * 37) }
        let labels = "labels: labels.idx"
        let expected = try prepare(
            unlabeled: "samples.idx", labeled: "samples: samples.idx, \(labels)",
            test: "samples: samples.idx, \(labels)")
        #expect(expected.test?.samples.divisor == 255)
        func bytes<Number>(_ number: (UInt8) -> Number) -> [UInt8] {
            pixels.flatMap { value in withUnsafeBytes(of: number(value)) { Array($0) } }
        }
        try npy("i2.npy", type: "<i2", shape: [60, 4], bytes { Int16($0).littleEndian })
        try npy("i8.npy", type: "<i8", shape: [60, 4], bytes { Int64($0).littleEndian })
        try npy("f4.npy", type: "<f4", shape: [60, 4], bytes { Float($0) })
        try npy("f8.npy", type: "<f8", shape: [60, 4], bytes { Double($0) })
        try write(
            "rows.csv",
            stride(from: 0, to: 240, by: 4).map { start in
                pixels[start..<start + 4].map { "\($0)" }.joined(separator: ",")
            }.joined(separator: "\n"))
        for name in ["i2.npy", "i8.npy", "f4.npy", "f8.npy", "rows.csv"] {
            let found = try prepare(
                unlabeled: "samples.idx", labeled: "samples: \(name), \(labels)", test: "samples: \(name), \(labels)")
            #expect(found.draws.map(\.samples.divisor) == [255, 255] && found.test?.samples.divisor == 255, "\(name)")
            #expect(found.draws.map(\.labels) == expected.draws.map(\.labels))
            let (mine, theirs) = (try #require(found.test).samples, try #require(expected.test).samples)
            let numbers = try NPY.samples(blobs.read(mine.digest), path: "").numbers
            guard case .float32(let values) = numbers,
                case .uint8(let whole) = try NPY.samples(blobs.read(theirs.digest), path: "").numbers
            else { return #expect(Bool(false), "\(name)") }
            #expect(values == whole.map { Float($0) })
        }
        try npy("scaled.npy", type: "<f4", shape: [60, 4], bytes { Float($0) / 255 })
        let text = error {
            try prepare(
                unlabeled: "samples.idx", labeled: "samples: samples.idx, \(labels)",
                test: "samples: scaled.npy, \(labels)")
        }
        #expect(text.contains("scaled.npy: its numbers, divided by 255 as those are, go from 0 to 0.0039"), "\(text)")
        #expect(text.hasSuffix("add divide_by: 1"), "\(text)")
        let insisted = try prepare(
            unlabeled: "samples.idx", labeled: "samples: samples.idx, \(labels)",
            test: "samples: {path: scaled.npy, divide_by: 1}, \(labels)")
        #expect(insisted.test?.samples.divisor == 1)
        // Equal samples are equal, however they are stored.
        #expect(insisted.remarks?.contains { $0.contains("60 of the 60 samples to test on are among") } == true)
    }

    @Test func onesAndZerosAreNotPixels() throws {
        try site.write("bits.idx", Site.idx(shape: [60, 4], (0..<240).map { UInt8($0 * 7 % 3 == 0 ? 1 : 0) }))
        let labeled = "samples: bits.idx, labels: labels.idx"
        let manifest = try prepare(unlabeled: "bits.idx", labeled: labeled, test: labeled, layer: "units: 3")
        #expect(manifest.shards.allSatisfy { $0.divisor == 1 })
        #expect(manifest.test?.samples.divisor == 1)
    }

    // MARK: Shapes

    @Test func channelsThatStandFirstAreRefusedWhereItMatters() throws {
        try site.write("first.idx", Site.idx(shape: [60, 3, 5, 6], (0..<5400).map { UInt8($0 % 251) }))
        try site.write("last.idx", Site.idx(shape: [60, 5, 6, 3], (0..<5400).map { UInt8($0 % 251) }))
        try site.write("one.idx", Site.idx(shape: [60, 1, 5, 6], (0..<1800).map { UInt8($0 % 251) }))
        func labeled(_ name: String) -> String { "samples: \(name), labels: labels.idx" }
        let window = "convolution: {channels: 2}"
        for layer in [window, "units: 3, random_shift: 1"] {
            let text = error {
                try prepare(
                    unlabeled: "first.idx", labeled: labeled("first.idx"), test: labeled("first.idx"), layer: layer)
            }
            #expect(text.contains("[3, 5, 6], with the channels first"), "\(text)")
            #expect(text.contains("x.transpose(0, 2, 3, 1)"), "\(text)")
        }
        let dense = try prepare(
            unlabeled: "first.idx", labeled: labeled("first.idx"), test: labeled("first.idx"))
        #expect(dense.image == nil)
        #expect(dense.remarks?.contains { $0.contains("not drawn as images") } == true)
        let single = try prepare(
            unlabeled: "one.idx", labeled: labeled("one.idx"), test: labeled("one.idx"), layer: window)
        #expect(single.image == ImageShape(height: 5, width: 6, channels: 1))
        for (unlabeled, other) in [("last.idx", "first.idx"), ("first.idx", "last.idx")] {
            let text = error {
                try prepare(unlabeled: unlabeled, labeled: labeled(unlabeled), test: labeled(other))
            }
            #expect(text.contains("\(other): its samples have the shape"), "\(text)")
            #expect(text.contains("save x.transpose("), "\(text)")
        }
    }

    // MARK: The same rows

    @Test(arguments: [0, 1, 13, 40]) func rowsThatStandInBothAreCounted(same: Int) throws {
        // Unlike rows: no two numbers of the first column are the same.
        try write("train.csv", table(["id", "a", "y"], rows: 0..<60))
        try write("test.csv", table(["id", "a", "y"], rows: 60 - same..<100))
        let manifest = try prepare(
            unlabeled: "train.csv", labeled: "samples: train.csv, labels: {column: y}",
            test: "samples: test.csv, labels: {column: y}")
        let remark = manifest.remarks?.first { $0.contains("samples to test on are among") }
        #expect(same == 0 ? remark == nil : remark?.contains("test.csv: \(same) of the \(40 + same)") == true)
    }

    @Test(arguments: [0.1, 0.2, 0.5]) func aShareOfEachClassIsSetAside(share: Double) throws {
        try write("all.csv", table(["id", "a", "y"], rows: 0..<60))
        let manifest = try prepare(
            unlabeled: "all.csv", labeled: "samples: all.csv, labels: {column: y}", test: "split: \(share)")
        let test = try #require(manifest.test)
        let tested = try NPY.labels(blobs.read(test.labels), path: "")
        for label in Int32(0)..<3 { #expect(tested.count { $0 == label } == Int(20 * share)) }
        for draw in manifest.draws {
            let learnt = try rows(draw.samples)
            #expect(learnt.count == 60 - tested.count)
            #expect(Set(learnt).isDisjoint(with: try rows(test.samples)))
        }
        let again = try prepare(
            unlabeled: "all.csv", labeled: "samples: all.csv, labels: {column: y}", test: "split: \(share)")
        #expect(again == manifest)
    }

    @Test func whatEqualsATestSampleIsNotLearntFrom() throws {
        // Each row stands there twice.
        try write("twice.csv", table(["id", "y"], rows: 0..<60) + table(["id", "y"], rows: 0..<60, names: false))
        let manifest = try prepare(
            unlabeled: "twice.csv", labeled: "samples: twice.csv, labels: {column: y}", test: "split: 0.2")
        let test = try #require(manifest.test).samples
        for draw in manifest.draws {
            #expect(Set(try rows(draw.samples)).isDisjoint(with: try rows(test)))
        }
        #expect(manifest.remarks?.contains { $0.contains("that equal one of these are not learnt from") } == true)
    }

    private func rows(_ set: SampleSet) throws -> [[Float]] {
        guard case .float32(let values) = try NPY.samples(blobs.read(set.digest), path: "").numbers else { return [] }
        return stride(from: 0, to: values.count, by: set.size).map { Array(values[$0..<$0 + set.size]) }
    }

    // MARK: What was read rightly

    /// Recorded before samples were matched: nothing of it may change.
    @Test func plansHaveTheRecordedHashes() throws {
        let preparation = try DataPreparation(
            plan: StackedPlan(yaml: site.plan), folder: site.folder.path, folders: DataFolders([site.folder.path]),
            blobs: blobs)
        #expect(
            try preparation.prepare().planHash.hex
                == "3f56940a9b44aaa79e780276c292d3d36c734f9ada053002ba6f0afa7ed2a45b")
        try write("features.csv", table(["a", "b"]))
        try write("table.csv", table(["a", "b", "y"]))
        let labeled = "{samples: table.csv, labels: {column: y}"
        let plan = """
            seed: 3
            data:
              unlabeled: features.csv
              held_out: 10
              shards: 3
              labeled: \(labeled), per_class: 2, draws: 2}
              test: \(labeled)}
            layers: [{units: 3, loss: mean_squared_error}]
            pretraining: {rounds: 2, replicas: 2}
            fine_tuning: {epochs: 2}
            """
        let tables = try DataPreparation(
            plan: StackedPlan(yaml: plan), folder: site.folder.path, folders: DataFolders([site.folder.path]),
            blobs: blobs)
        #expect(
            try tables.prepare().planHash.hex == "7ab608d25420252d107f462d9fe39b3d977a29f21576bd996146e7a86cc37a24")
    }

    /// What an older coordinator has written down.
    @Test func factsOfOlderRunsAreStillRead() throws {
        let manifest = try DataPreparation(
            plan: StackedPlan(yaml: site.plan), folder: site.folder.path, folders: DataFolders([site.folder.path]),
            blobs: blobs
        ).prepare()
        var old = manifest
        (old.columns, old.classNames, old.sampleShape, old.range, old.remarks) = (nil, nil, nil, nil, nil)
        let text = String(decoding: try JSONEncoder().encode(old), as: UTF8.self)
        for key in ["columns", "classNames", "sampleShape", "range", "remarks"] {
            #expect(!text.contains("\"\(key)\""))
        }
        #expect(try JSONDecoder().decode(StackedManifest.self, from: Data(text.utf8)) == old)
        #expect(try JSONDecoder().decode(StackedManifest.self, from: JSONEncoder().encode(manifest)) == manifest)
    }
}
