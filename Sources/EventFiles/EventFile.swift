package import RunProtocol

/// A run's curves as TensorBoard reads them: a file of TFRecords, each an `Event` message with one number.
///
/// The same status gives the same bytes. The format stands in TensorFlow's `core/lib/io/record_writer.h` (records),
/// `core/util/event.proto` and `core/framework/summary.proto` (messages).
package struct EventFile: Hashable, Sendable {
    /// Such as `events.out.tfevents.1700000000.run-1a2b3c4d`: the seconds since 1970 of the run's submission, and the run
    /// where others have the host's name, so that the same run has the same file.
    package let name: String
    package private(set) var bytes: [UInt8] = []

    /// Tags are `STAGE/FIGURE`; a step is a round, an epoch of a fine-tuning or a test's draw. Figures that are not known
    /// are left out.
    package init(_ run: RunStatus) {
        // From outside it may be anything, and a file has to have a name.
        name = "events.out.tfevents.\(Int64(exactly: run.submittedAt.rounded(.down)) ?? 0).\(run.id)"
        append(.version(at: run.submittedAt))
        for stage in run.stages { append(stage, from: run.submittedAt) }
        let end = run.finishedAt ?? run.submittedAt
        for curve in run.curves ?? [] {
            let tag = "fine-tuning/loss, \(curve.pretrained.origin), draw \(curve.draw)"
            for (index, loss) in curve.losses.enumerated() { append(.scalar(tag, loss, step: index + 1, at: end)) }
        }
        for result in run.results {
            let tag = "evaluation/test error, \(result.pretrained.origin)"
            append(.scalar(tag, result.error, step: result.draw, at: end))
        }
    }

    private mutating func append(_ stage: StageStatus, from submission: Double) {
        var time = stage.startedAt ?? submission
        for record in stage.history {
            time += record.seconds ?? 0
            let figures: [(String, Double?)] = [
                ("loss", record.loss), ("held-out error", record.heldOutError),
                ("error of the mean", record.heldOutError.flatMap { _ in stage.meanError }),
                ("active share", record.activeShare),
                ("dead units", record.deadUnits.map(Double.init)), ("kept share", record.keptShare),
                ("unused units", record.unusedUnits.map(Double.init)), ("seconds", record.seconds),
                ("samples per second", record.samplesPerSecond), ("bytes", record.bytes.map(Double.init)),
            ]
            for case (let figure, let value?) in figures {
                append(.scalar("\(stage.name)/\(figure)", value, step: record.round, at: time))
            }
        }
    }

    /// Length, its checksum, the message, its checksum; numbers with their lowest byte first.
    private mutating func append(_ event: ProtobufMessage) {
        let length = UInt64(event.bytes.count).littleEndianBytes
        bytes += length + CRC32C.masked(length).littleEndianBytes
        bytes += event.bytes + CRC32C.masked(event.bytes).littleEndianBytes
    }
}

extension ProtobufMessage {
    /// `Event { wall_time = 1, file_version = 3 }`: what a file must begin with.
    fileprivate static func version(at time: Double) -> ProtobufMessage {
        var event = ProtobufMessage()
        event.append(1, time)
        event.append(3, Array("brain.Event:2".utf8))
        return event
    }

    /// `Event { wall_time = 1, step = 2, summary = 5 }` with `Summary { value = 1 }` of one
    /// `Value { tag = 1, simple_value = 2 }`.
    fileprivate static func scalar(_ tag: String, _ number: Double, step: Int, at time: Double) -> ProtobufMessage {
        var (value, summary, event) = (ProtobufMessage(), ProtobufMessage(), ProtobufMessage())
        value.append(1, Array(tag.utf8))
        value.append(2, Float(number))
        summary.append(1, value.bytes)
        event.append(1, time)
        event.append(2, UInt64(clamping: step))
        event.append(5, summary.bytes)
        return event
    }
}

/// The few kinds of fields that an event needs, in Protocol Buffers' encoding.
private struct ProtobufMessage {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ field: UInt8, _ number: Double) {
        bytes += [field << 3 | 1] + number.bitPattern.littleEndianBytes
    }

    mutating func append(_ field: UInt8, _ number: Float) {
        bytes += [field << 3 | 5] + number.bitPattern.littleEndianBytes
    }

    mutating func append(_ field: UInt8, _ number: UInt64) {
        bytes.append(field << 3)
        append(number)
    }

    mutating func append(_ field: UInt8, _ content: [UInt8]) {
        bytes.append(field << 3 | 2)
        append(UInt64(content.count))
        bytes += content
    }

    /// Seven bits a byte, the lowest first; the eighth says that more follow.
    private mutating func append(_ number: UInt64) {
        var rest = number
        while rest > 0x7F {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}

extension FixedWidthInteger {
    fileprivate var littleEndianBytes: [UInt8] { withUnsafeBytes(of: littleEndian, Array.init) }
}

extension Bool {
    /// What a classifier's training started from.
    fileprivate var origin: String { self ? "pretrained" : "from scratch" }
}
