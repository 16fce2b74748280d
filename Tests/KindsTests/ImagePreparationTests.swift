import Coordination
import CoordinatorRuntime
import DataFormats
import Foundation
import Kinds
import PlanFile
import RunProtocol
import RunStore
import TestSite
import Testing

/// Folders of images become blobs, or an error that says why not.
@Suite struct ImagePreparationTests {
    private let site: Site
    private let blobs: BlobFolder

    init() throws {
        site = try Site.stacked()
        blobs = try RunStore(folder: site.folder.appending(path: "blobs").path).blobs
        try FileManager.default.createDirectory(
            at: site.folder.appending(path: "data/images"), withIntermediateDirectories: true)
    }

    private func prepare(_ source: String = "images") throws -> StackedManifest {
        let text = """
            data: {unlabeled: \(source), held_out: 1, shards: 1}
            layers: [{units: 3, loss: mean_squared_error}]
            """
        let folder = site.folder.appending(path: "data").path
        return try DataPreparation(
            plan: StackedPlan(yaml: text), folder: folder, folders: DataFolders([folder]), blobs: blobs
        ).prepare()
    }

    private func file(_ name: String) -> URL { site.folder.appending(path: "data/images/\(name)") }

    private func writeGrey(_ count: Int, _ value: (Int) -> UInt8) throws {
        for index in 0..<count {
            try PNG.encode(width: 2, height: 1, channels: 1, pixels: [value(index), 200]).write(
                to: file("\(index).png"))
        }
    }

    private func expectError(_ expected: String, _ location: SourceLocation = #_sourceLocation) {
        let error = #expect(throws: (any Error).self, sourceLocation: location) { try prepare() }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains(expected), "\(text)", sourceLocation: location)
    }

    @Test func samplesThatAreAllAlikeAreRefused() throws {
        try writeGrey(5) { _ in 7 }
        expectError("all of its samples are alike")
        try writeGrey(5) { _ in 200 }
        expectError("every number of its samples is 200")
        try writeGrey(5) { UInt8($0) }
        #expect(try prepare().inputSize == 2)
    }

    /// What lies outside of `--data` is not trained on, wherever links lead.
    @Test func linksThatLeadOutAreRefused() throws {
        try writeGrey(5) { UInt8($0) }
        let secret = site.folder.appending(path: "secret.png")
        try PNG.encode(width: 2, height: 1, channels: 1, pixels: [1, 2]).write(to: secret)
        try FileManager.default.createSymbolicLink(at: file("link.png"), withDestinationURL: secret)
        expectError("'link.png': it is a link that leads out of the folder")
    }

    /// Two pixels, an ink of 0 and nothing at all.
    private static let transparent = """
        iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAQAAABeK7cBAAAADUlEQVR4nGNg+M/AAAADAgEAmZs7lAAAAABJRU5ErkJggg==
        """

    @Test func aPlanSaysWhatLiesBehindTransparentImages() throws {
        try writeGrey(5) { UInt8($0) }
        let bytes = try #require(Data(base64Encoded: Self.transparent))
        try bytes.write(to: file("t.png"))
        func numbers(_ manifest: StackedManifest) throws -> Set<[UInt8]> {
            let sets = manifest.shards + [manifest.heldOut]
            return Set(
                try sets.flatMap { set in
                    let table = try NPY.samples(blobs.read(set.digest), path: "")
                    guard case .uint8(let values) = table.numbers else { return [[UInt8]]() }
                    return stride(from: 0, to: values.count, by: 2).map { Array(values[$0..<$0 + 2]) }
                })
        }
        #expect(try numbers(prepare()).contains([0, 255]))
        #expect(try numbers(prepare("{path: images, background: white}")).contains([0, 255]))
        #expect(try numbers(prepare("{path: images, background: black}")).contains([0, 0]))
        #expect(throws: (any Error).self) { try prepare("{path: images, background: green}") }
    }
}
