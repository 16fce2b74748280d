import Testing

/// What a reader of an event file gets.
struct ReadEvent: Equatable {
    var time = 0.0
    var step = 0
    var version: String?
    var tag = ""
    var value: Float = 0
    /// Whether what was read before no longer counts.
    var isRestart = false
}

/// Reads event files, and knows nothing of how they are written.
enum EventReader {
    static func read(_ bytes: [UInt8]) throws -> [ReadEvent] {
        var rest = bytes[...]
        var events: [ReadEvent] = []
        while !rest.isEmpty {
            let lengthBytes = try take(8, &rest)
            try #require(number(try take(4, &rest)) == maskedChecksum(lengthBytes))
            let message = try take(Int(number(lengthBytes)), &rest)
            try #require(number(try take(4, &rest)) == maskedChecksum(message))
            events.append(try event(message))
        }
        return events
    }

    private static func event(_ message: ArraySlice<UInt8>) throws -> ReadEvent {
        var event = ReadEvent()
        for (field, content) in try fields(message) {
            switch field {
            case 1: event.time = Double(bitPattern: number(content))
            case 2: event.step = Int(number(content))
            case 3: event.version = String(decoding: content, as: UTF8.self)
            case 7: event.isRestart = Array(content) == [8, 1]
            case 5:
                let values = try fields(content)
                try #require(values.map(\.0) == [1])
                for (field, content) in try fields(values[0].1) {
                    switch field {
                    case 1: event.tag = String(decoding: content, as: UTF8.self)
                    case 2: event.value = Float(bitPattern: UInt32(number(content)))
                    default: Issue.record("field \(field) in a value")
                    }
                }
            default: Issue.record("field \(field) in an event")
            }
        }
        return event
    }

    /// A varint's content is its number as eight bytes.
    private static func fields(_ message: ArraySlice<UInt8>) throws -> [(Int, ArraySlice<UInt8>)] {
        var rest = message
        var fields: [(Int, ArraySlice<UInt8>)] = []
        while !rest.isEmpty {
            let key = try varint(&rest)
            switch key & 7 {
            case 0: fields.append((Int(key >> 3), withUnsafeBytes(of: try varint(&rest).littleEndian, Array.init)[...]))
            case 1: fields.append((Int(key >> 3), try take(8, &rest)))
            case 2: fields.append((Int(key >> 3), try take(Int(try varint(&rest)), &rest)))
            case 5: fields.append((Int(key >> 3), try take(4, &rest)))
            default: Issue.record("wire type \(key & 7)")
            }
        }
        return fields
    }

    private static func varint(_ rest: inout ArraySlice<UInt8>) throws -> UInt64 {
        var (result, shift) = (UInt64(0), UInt64(0))
        while true {
            let byte = try #require(try take(1, &rest).first)
            result |= UInt64(byte & 0x7F) << shift
            guard byte & 0x80 != 0 else { return result }
            shift += 7
        }
    }

    private static func take(_ count: Int, _ rest: inout ArraySlice<UInt8>) throws -> ArraySlice<UInt8> {
        try #require(rest.count >= count)
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Bit by bit, without a table.
    private static func maskedChecksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        var sum = UInt32.max
        for byte in bytes {
            for bit in 0..<8 {
                let isSet = (sum ^ UInt32(byte >> bit)) & 1 == 1
                sum = sum >> 1 ^ (isSet ? 0x82F6_3B78 : 0)
            }
        }
        sum = ~sum
        return UInt64((sum >> 15 | sum << 17) &+ 0xA282_EAD8)
    }
}
