package import DataFormats
import FoundationEssentials
import Glibc
package import RunProtocol

/// A run's curves as TensorBoard reads them: a file of TFRecords, each an `Event` message with one number.
///
/// The same status gives the same bytes, and a later one of the same run the same bytes and more: what is known first comes
/// first, and nothing is written before it is certain. TensorBoard goes on reading a file where it stopped. The format stands in TensorFlow's `core/lib/io/record_writer.h` (records),
/// `core/util/event.proto` and `core/framework/summary.proto` (messages).
package struct EventFile: Hashable, Sendable {
    /// Such as `events.out.tfevents.1700000000.run-1a2b3c4d`: the seconds since 1970 of the run's submission, and the run
    /// where others have the host's name, so that the same run has the same file.
    package let name: String
    package private(set) var bytes: [UInt8] = []
    /// Of the first record, which says what kind of file it is.
    private let headBytes: Int

    /// Tags are `STAGE/FIGURE`; a step is a round, a place in a series or a draw. Figures that are not known
    /// are left out.
    package init(_ run: RunStatus) {
        // From outside it may be anything, and a file has to have a name.
        name = "events.out.tfevents.\(Int64(exactly: run.submittedAt.rounded(.down)) ?? 0).\(run.id)"
        bytes = Self.record(.version(at: run.submittedAt))
        headBytes = bytes.count
        for (index, stage) in run.stages.enumerated() {
            append(stage, of: run)
            for result in run.results where result.stage == index { append(result, of: run) }
        }
    }

    /// Trials end in any order, and only when all have is theirs certain.
    private mutating func append(_ result: TrialResult, of run: RunStatus) {
        guard run.hasEnded(run.stages[result.stage]) else { return }
        let (stage, outputs) = (run.stages[result.stage], run.outputs(of: result))
        let time = stage.startedAt ?? run.submittedAt
        for series in outputs.series {
            let tag = "\(stage.name)/\(series.title), \(result.group), draw \(result.trial)"
            for (index, value) in (result.values.series[series.name] ?? []).enumerated() {
                append(.scalar(tag, value, step: index + 1, at: time))
            }
        }
        for metric in outputs.trialMetrics {
            guard let value = run.value(of: metric, in: result) else { continue }
            append(.scalar("\(stage.name)/\(metric.title), \(result.group)", value, step: result.trial, at: time))
        }
    }

    /// Each round's own figures when it has ended; what is measured on its weights is known before the next one ends.
    private mutating func append(_ stage: StageStatus, of run: RunStatus) {
        var time = stage.startedAt ?? run.submittedAt
        for record in stage.history {
            if stage.hasClosed(record) || run.hasEnded(stage) {
                time += record.duration ?? 0
                append(
                    record.values(of: .round, in: stage) + [
                        ("seconds", record.duration), ("samples per second", record.samplesPerSecond),
                        ("bytes", record.bytes.map(Double.init)),
                    ], of: stage, step: record.round, at: time)
            }
            append(record.values(of: .weights, in: stage), of: stage, step: record.round, at: time)
        }
    }

    private mutating func append(_ figures: [(String, Double?)], of stage: StageStatus, step: Int, at time: Double) {
        for case (let figure, let value?) in figures {
            append(.scalar("\(stage.name)/\(figure)", value, step: step, at: time))
        }
    }

    /// What a file that was written earlier lacks of this one.
    ///
    /// Where something else was written in the meantime than is written now, a reader that has seen it is told to forget
    /// all of it: then everything comes once more.
    /// - Returns: nil where `earlier` is no such file, or ends within a record that is not to go on: it must be replaced.
    package func addition(to earlier: [UInt8]) -> [UInt8]? {
        let start = Self.record(.restart)
        guard earlier.starts(with: bytes.prefix(headBytes)) else { return nil }
        let (body, seen) = (bytes.dropFirst(headBytes), earlier.dropFirst(headBytes))
        let last = seen.indices.reversed().first { seen[$0...].starts(with: start) }
        let valid = seen[(last.map { $0 + start.count } ?? seen.startIndex)...]
        if body.starts(with: valid) { return Array(body.dropFirst(valid.count)) }
        return Self.hasWholeRecords(seen) ? start + body : nil
    }

    private static func hasWholeRecords(_ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        while rest.count >= 16 {
            let length = rest.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard length <= UInt64(rest.count - 16) else { return false }
            rest = rest.dropFirst(16 + Int(length))
        }
        return rest.isEmpty
    }

    /// Length, its checksum, the message, its checksum; numbers with their lowest byte first.
    private static func record(_ event: ProtobufMessage) -> [UInt8] {
        let length = UInt64(event.bytes.count).littleEndianBytes
        return length + CRC32C.masked(length).littleEndianBytes + event.bytes
            + CRC32C.masked(event.bytes).littleEndianBytes
    }

    private mutating func append(_ event: ProtobufMessage) { bytes += Self.record(event) }
}

extension ProtobufMessage {
    /// `Event { wall_time = 1, file_version = 3 }`: what a file must begin with.
    fileprivate static func version(at time: Double) -> ProtobufMessage {
        var event = ProtobufMessage()
        event.append(1, time)
        event.append(3, Array("brain.Event:2".utf8))
        return event
    }

    /// `Event { session_log = 7 }` with `SessionLog { status = 1 }` of START: what was read before, from this step (0) on, no
    /// longer counts.
    fileprivate static var restart: ProtobufMessage {
        var (log, event) = (ProtobufMessage(), ProtobufMessage())
        log.append(1, UInt64(1))
        event.append(7, log.bytes)
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

extension RunStatus {
    /// Whether nothing in the stage can change any more.
    fileprivate func hasEnded(_ stage: StageStatus) -> Bool { stage.state == .finished || state.isFinal }
}

extension RoundRecord {
    fileprivate func values(of subject: MetricDescription.Subject, in stage: StageStatus) -> [(String, Double?)] {
        stage.metrics.filter { $0.of == subject }.map { ($0.title, metrics[$0.name]) }
    }
}

extension EventFile {
    /// Writes the file into `folder`, or adds to the one that is there what it lacks. A program that has that one open reads on
    /// where it was; a file that was renamed over it would never be seen.
    /// - Returns: the file's path.
    /// - Throws: whenever it cannot be read or written.
    package func write(in folder: String) throws(DataError) -> String {
        let path = "\(folder)/\(name)"
        let descriptor = open(path, O_RDWR | O_APPEND | O_CLOEXEC)
        defer { if descriptor >= 0 { close(descriptor) } }
        // Two that write at once would both add the same.
        if descriptor >= 0 { flock(descriptor, LOCK_EX) }
        guard descriptor >= 0, let addition = addition(to: try FileBytes.read(path)) else {
            try AtomicFile.write(Data(bytes), to: path)
            return path
        }
        var rest = addition[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure(path) }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0 else { throw Self.failure(path) }
        return path
    }

    private static func failure(_ path: String) -> DataError {
        DataError(
            .unwritable, at: path, "cannot be written: \(String(cString: strerror(errno)))",
            hint: "the same command goes on with it")
    }
}

/// The checksum of TFRecord files: CRC-32 with Castagnoli's polynomial, 0x1EDC6F41, as in RFC 3720, appendix B.4.
package enum CRC32C {
    /// For each byte: what it does to a checksum, the polynomial's bits from the lowest up.
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ 0x82F6_3B78 : sum >> 1 }
    }

    package static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { sum, byte in sum >> 8 ^ table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] }
    }

    /// As it stands in TFRecord files: turned by 15 bits and moved on, so that a checksum of bytes with checksums in them
    /// means something.
    package static func masked(_ bytes: some Sequence<UInt8>) -> UInt32 {
        let sum = checksum(bytes)
        return (sum >> 15 | sum << 17) &+ 0xA282_EAD8
    }
}
