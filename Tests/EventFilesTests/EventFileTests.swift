import EventFiles
import Foundation
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
        status.stages[0].history = [RoundRecord(round: 100_000, metrics: ["loss": 1], seconds: 1)]
        #expect(try EventReader.read(EventFile(status).bytes)[1].step == 100_000)
    }

    @Test func theSameRunGivesTheSameBytes() throws {
        #expect(EventFile(try ExampleRun.status()) == EventFile(try ExampleRun.status()))
    }

    // MARK: Written again

    /// A run as its coordinator tells it, one thing more each time.
    private func growth() throws -> [RunStatus] {
        var run = try ExampleRun.status()
        run.state = .running
        (run.stages, run.results, run.finishedAt) = ([], [], nil)
        var all: [RunStatus] = []
        for layer in 1...2 {
            run.stages.append(
                StageStatus(
                    name: "layer \(layer)", state: .running, round: 1, rounds: 2, tasksDone: 0, tasks: 3,
                    startedAt: 1_700_000_000 + 100 * Double(layer)))
            run.stages[layer - 1].outputs = ExampleRun.outputs[0]
            func change(_ body: (inout StageStatus) -> Void) {
                body(&run.stages[layer - 1])
                all.append(run)
            }
            for round in 1...3 {
                // Tasks of the round come in; the one that measures the weights of the round before comes last or not.
                if round < 3 {
                    change {
                        $0.history.append(RoundRecord(round: round, samples: 5, metrics: ["loss": 9], bytes: 7))
                    }
                }
                if round == 1 { run.stages[layer - 1].history.insert(RoundRecord(round: 0), at: 0) }
                change {
                    $0.history[round - 1].metrics["heldOutError"] = 10 / Double(round)
                    $0.history[round - 1].metrics["activeShare"] = 0.5
                    $0.history[round - 1].metrics["meanError"] = 20
                }
                guard round < 3 else { break }
                change { ($0.history[round].samples, $0.history[round].metrics["loss"]) = (10, 8) }
                // The clock was set back during the first layer's first round.
                change {
                    $0.history[round].seconds = layer + round == 2 ? nil : 1.5
                    $0.round = min(round + 1, 2)
                }
            }
            change { ($0.state, $0.finishedAt) = (.finished, 1_700_000_090 + 100 * Double(layer)) }
        }
        run.stages.append(try ExampleRun.status().stages[1])
        run.stages[2].state = .running
        // Those of the draws come in any order.
        func curve(_ trial: Int, _ isPretrained: Bool, _ losses: [Double]) -> TrialResult {
            var curve = ExampleRun.curve(trial, pretrained: isPretrained, losses)
            curve.stage = 2
            return curve
        }
        run.results = [curve(1, false, [4, 3])]
        all.append(run)
        run.results = [curve(0, true, [2, 1])] + run.results
        all.append(run)
        run.stages[2].state = .finished
        all.append(run)
        run.stages.append(try ExampleRun.status().stages[2])
        run.results += try ExampleRun.status().results.suffix(1)
        run.results[2].stage = 3
        (run.state, run.finishedAt) = (.finished, 1_700_001_000)
        return all + [run]
    }

    @Test func laterBytesBeginWithEarlierOnes() throws {
        let files = try growth().map(EventFile.init)
        for (earlier, later) in zip(files, files.dropFirst()) {
            #expect(later.bytes.starts(with: earlier.bytes))
            #expect(later.addition(to: earlier.bytes) == Array(later.bytes.dropFirst(earlier.bytes.count)))
        }
        let tags = Set(try EventReader.read(try #require(files.last).bytes).map(\.tag))
        #expect(tags.contains("evaluation/test error, pretrained") && tags.contains("layer 2/held-out error"))
        #expect(tags.contains("fine-tuning/loss, from scratch, draw 1"))
    }

    /// TensorBoard keeps the file open: it must stay the same one.
    @Test func aFileIsAddedTo() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "events-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var open: FileHandle?
        var read = Data()
        for file in try growth().map(EventFile.init) {
            let path = try file.write(in: folder)
            open = try open ?? FileHandle(forReadingFrom: URL(filePath: path))
            read += try open?.readToEnd() ?? Data()
            #expect(Array(read) == file.bytes)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 1)
    }

    @Test func whatHasChangedIsWrittenOnceMoreBehindARestart() throws {
        var status = try ExampleRun.status()
        let first = EventFile(status)
        status.stages[0].history[1].metrics["loss"] = 50
        let second = EventFile(status)
        let addition = try #require(second.addition(to: first.bytes))
        let events = try EventReader.read(first.bytes + addition)
        let restart = try #require(events.firstIndex { $0.isRestart })
        #expect(Array(events[(restart + 1)...]) == Array(try EventReader.read(second.bytes).dropFirst()))
        // From then on it is added to.
        status.stages[0].history.append(RoundRecord(round: 3, metrics: ["loss": 1], seconds: 1))
        status.stages[1].state = .running
        status.results = []
        let third = EventFile(status)
        let (before, after) = (first.bytes + addition, try #require(third.addition(to: first.bytes + addition)))
        #expect(try EventReader.read(before + after).count { $0.isRestart } == 2)
        #expect(EventFile(status).addition(to: before + after) == [])
    }

    @Test func aFileThatEndsWithinARecordGoesOnWhereItEnds() throws {
        var status = try ExampleRun.status()
        let whole = EventFile(status)
        let torn = Array(whole.bytes.dropLast(5))
        #expect(whole.addition(to: torn) == Array(whole.bytes.suffix(5)))
        status.stages[0].history[1].metrics["loss"] = 50
        #expect(EventFile(status).addition(to: torn) == nil)
        #expect(whole.addition(to: []) == nil && whole.addition(to: Array("something else".utf8)) == nil)
    }

    @Test func aClockThatWasSetBackGivesNoNegativeFigure() throws {
        var status = try ExampleRun.status()
        status.stages[0].history[1].seconds = -7_192.8
        let events = try EventReader.read(EventFile(status).bytes)
        #expect(events.contains { $0.tag == "layer 1/loss" && $0.step == 1 })
        #expect(!events.contains { $0.step == 1 && ($0.tag.hasSuffix("seconds") || $0.tag.hasSuffix("second")) })
        #expect(zip(events, events.dropFirst()).allSatisfy { $0.time <= $1.time || $1.tag.hasPrefix("fine") })
        let rows = RunTable.csv(status).split(separator: "\n")
        #expect(rows.contains("layer 1,1,3000,60.25,40.125,90.5,0.5,3,0.25,4,,,123456,,,,"))
    }

    @Test func timesOutOfRangeAreNoMishap() throws {
        var status = try ExampleRun.status()
        status.submittedAt = .infinity
        #expect(EventFile(status).name == "events.out.tfevents.0.run-1a2b3c4d")
    }
}
