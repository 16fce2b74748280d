import Glibc

/// The rows of a CSV (RFC 4180: fields may be quoted), one at a time. Fields are parted by tabs, semicolons or commas:
/// the first of these that the first line has.
struct CSVRows {
    static let largestColumnCount = 1 << 20
    static let largestLine = 1 << 25

    let source: ByteSource
    private let delimiter: UInt8
    private var chunk: ArraySlice<UInt8> = []
    /// The line that is read next, from 1.
    private var nextLine = 1

    /// Where the current row begins.
    private(set) var line = 0
    /// The current row's fields, unquoted, each followed by a zero.
    private var bytes: [UInt8] = []
    private var ends: [Int] = []

    init(_ source: ByteSource) throws(DataError) {
        self.source = source
        let start = try source.peek(1 << 16)
        if start.starts(with: [0xEF, 0xBB, 0xBF]) { _ = try source.take(3) }
        delimiter = Self.delimiter(of: start)
    }

    private static func delimiter(of start: ArraySlice<UInt8>) -> UInt8 {
        var (isQuoted, found) = (false, Set<UInt8>())
        for byte in start {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if !isQuoted {
                if byte == 10 || byte == 13 { break }
                found.insert(byte)
            }
        }
        return [UInt8(ascii: "\t"), UInt8(ascii: ";")].first(where: found.contains) ?? UInt8(ascii: ",")
    }

    // MARK: The current row

    var columnCount: Int { ends.count }

    /// The field's bytes without the blanks around them.
    func field(_ column: Int) -> ArraySlice<UInt8> {
        let start = column == 0 ? 0 : ends[column - 1] + 1
        return bytes[start..<ends[column]]
    }

    func text(_ column: Int) -> String { String(decoding: field(column), as: UTF8.self) }

    /// The field as a float32: digits, a sign, a point, an exponent.
    ///
    /// - Returns: nil whenever it is anything else, such as `nan` or a word; infinity where it is too large.
    func number(_ column: Int) -> Float? {
        let field = field(column)
        // Most numbers are short and whole; those need no library.
        if (1...9).contains(field.count), field.allSatisfy({ (48...57).contains($0) }) {
            return Float(field.reduce(0) { $0 * 10 + Int($1 - 48) })
        }
        let isPlain = field.allSatisfy { byte in
            (48...57).contains(byte) || [43, 45, 46, 69, 101].contains(byte)
        }
        guard isPlain, !field.isEmpty else { return nil }
        return bytes.withUnsafeBytes { bytes in
            let start = bytes.baseAddress.map { $0.assumingMemoryBound(to: CChar.self) + field.startIndex }
            guard let start else { return nil }
            var end: UnsafeMutablePointer<CChar>?
            let value = strtof(start, &end)
            return end == UnsafeMutablePointer(mutating: start) + field.count ? value : nil
        }
    }

    /// The field as a whole number from 0, exactly; zeros may follow a point.
    func label(_ column: Int) -> Int32? {
        let parts = field(column).split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let digits = parts.first, !digits.isEmpty, digits.allSatisfy({ (48...57).contains($0) }),
            parts.count < 2 || parts[1].allSatisfy({ $0 == 48 })
        else { return nil }
        return Int32(String(decoding: digits, as: UTF8.self))
    }

    // MARK: The next row

    /// Goes on to the next row.
    ///
    /// - Returns: false at the end of the file.
    /// - Throws: `.malformedRow` or `.tooLarge`, with the line.
    mutating func next() throws(DataError) -> Bool {
        let before = nextLine
        repeat {
            line = nextLine
            guard try read() else { return false }
        } while ends.count == 1 && bytes.count == 1
        // Empty lines may end a file; between rows they are a sample or a label that is missing.
        guard line == before || before == 1 else { throw problem("line \(before) is empty") }
        return true
    }

    func problem(_ message: String, hint: String? = nil) -> DataError {
        DataError(.malformedRow, at: source.path, message, hint: hint)
    }

    private mutating func byte() throws(DataError) -> UInt8? {
        if chunk.isEmpty { chunk = try source.next(atMost: .max) }
        return chunk.popFirst()
    }

    /// Reads a line, or several where a quoted field goes over their end.
    private mutating func read() throws(DataError) -> Bool {
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        guard var byte = try self.byte() else { return false }
        while true {
            if byte == UInt8(ascii: "\""), bytes.count == (ends.last ?? -1) + 1 {
                try readQuoted()
            } else if byte == delimiter {
                try endField()
            } else if byte == 10 || byte == 13 {
                if byte == 13, try peekByte() == 10 { _ = try self.byte() }
                break
            } else {
                try append(byte)
            }
            guard let following = try self.byte() else { break }
            byte = following
        }
        try endField()
        nextLine += 1
        return true
    }

    private mutating func peekByte() throws(DataError) -> UInt8? {
        if chunk.isEmpty { chunk = try source.next(atMost: .max) }
        return chunk.first
    }

    /// Reads on behind an opening quotation mark up to the closing one.
    private mutating func readQuoted() throws(DataError) {
        while let byte = try self.byte() {
            if byte == UInt8(ascii: "\"") {
                guard try peekByte() == byte else { return try checkAfterQuote() }
                _ = try self.byte()
            }
            if byte == 10 { nextLine += 1 }
            try append(byte)
        }
        throw problem("the quotation mark that opens on line \(line) is not closed")
    }

    private mutating func checkAfterQuote() throws(DataError) {
        guard let byte = try peekByte() else { return }
        guard byte == delimiter || [10, 13, 32].contains(byte) else {
            throw problem("line \(line), column \(ends.count + 1): a letter follows the closing quotation mark")
        }
    }

    private mutating func append(_ byte: UInt8) throws(DataError) {
        guard bytes.count < Self.largestLine else {
            throw DataError(.tooLarge, at: source.path, "line \(line) has more than \(Self.largestLine) bytes")
        }
        bytes.append(byte)
    }

    /// Cuts the blanks off the field that has been read, and closes it.
    private mutating func endField() throws(DataError) {
        guard ends.count < Self.largestColumnCount else {
            throw DataError(.tooLarge, at: source.path, "line \(line) has more than \(Self.largestColumnCount) columns")
        }
        let start = (ends.last ?? -1) + 1
        while bytes.count > start, bytes.last == 32 || bytes.last == 9 { bytes.removeLast() }
        let blanks = bytes[start...].prefix { $0 == 32 || $0 == 9 }.count
        if blanks > 0 { bytes.removeSubrange(start..<start + blanks) }
        ends.append(bytes.count)
        bytes.append(0)
    }
}
