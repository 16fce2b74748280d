import EventFiles
import RunProtocol
import Testing

@Suite struct EventFileTests {
    private static let published: [([UInt8], UInt32)] = [
        (Array("123456789".utf8), 0xE306_9283), ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
        ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43), ([UInt8](0..<32), 0x46DD_794E),
        ([UInt8]((0..<32).reversed()), 0x113F_DB5C), ([], 0),
    ]

    /// From RFC 3720, appendix B.4, and the customary "123456789".
    @Test(arguments: published) func checksumsAreAsPublished(_ bytes: [UInt8], _ checksum: UInt32) {
        #expect(CRC32C.checksum(bytes) == checksum)
    }

    @Test func theFileBeginsWithItsVersion() throws {
        let file = EventFile(try ExampleRun.status())
        #expect(file.name == "events.out.tfevents.1700000000.run-1a2b3c4d")
        let events = try EventReader.read(file.bytes)
        #expect(events.first == ReadEvent(time: 1_700_000_000.25, version: "brain.Event:2"))
        // The length of the first message and its checksum, as TensorFlow writes them.
        #expect(Array(file.bytes.prefix(12)) == [24, 0, 0, 0, 0, 0, 0, 0, 0xA3, 0x7F, 0x4B, 0x22])
    }

    @Test func everyKnownFigureIsAScalar() throws {
        let events = try EventReader.read(EventFile(try ExampleRun.status()).bytes).dropFirst()
        let first = events.filter { $0.step == 1 && $0.tag.hasPrefix("layer 1/") }
        #expect(
            Dictionary(uniqueKeysWithValues: first.map { ($0.tag, $0.value) }) == [
                "layer 1/loss": 60.25, "layer 1/held-out error": 40.125,
                "layer 1/error of the mean": 90.5, "layer 1/active share": 0.5,
                "layer 1/dead units": 3, "layer 1/kept share": 0.25, "layer 1/unused units": 4, "layer 1/seconds": 1.5,
                "layer 1/samples per second": 2_000, "layer 1/bytes": 123_456,
            ])
        #expect(first.allSatisfy { $0.time == 1_700_000_011.5 })
        let others = events.filter { !first.contains($0) }
        #expect(
            others.map { "\($0.tag) \($0.step) \($0.value)" } == [
                "layer 1/held-out error 0 100.5", "layer 1/error of the mean 0 90.5",
                "layer 1/loss 2 30.0", "layer 1/seconds 2 2.0",
                "layer 1/samples per second 2 1500.0", "fine-tuning/loss, pretrained, draw 0 1 2.0",
                "fine-tuning/loss, pretrained, draw 0 2 1.5", "fine-tuning/loss, from scratch, draw 0 1 2.5",
                "evaluation/test error, pretrained 0 0.125",
            ])
        #expect(others.first { $0.step == 2 }?.time == 1_700_000_013.5)
    }

    @Test func stepsBeyondAByteAreReadBack() throws {
        var status = try ExampleRun.status()
        status.stages[0].history = [RoundRecord(round: 100_000, loss: 1)]
        #expect(try EventReader.read(EventFile(status).bytes)[1].step == 100_000)
    }

    @Test func theSameRunGivesTheSameBytes() throws {
        #expect(EventFile(try ExampleRun.status()) == EventFile(try ExampleRun.status()))
    }

    @Test func timesOutOfRangeAreNoMishap() throws {
        var status = try ExampleRun.status()
        status.submittedAt = .infinity
        #expect(EventFile(status).name == "events.out.tfevents.0.run-1a2b3c4d")
    }
}
