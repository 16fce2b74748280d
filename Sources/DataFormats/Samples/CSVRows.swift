import Glibc
import PrintableText

/// The rows of a text file (RFC 4180: fields may be quoted), one at a time. Fields are parted by tabs, semicolons, commas,
/// bars or blanks: the first of these that parts the first lines into equally many fields.
struct CSVRows {
    static let largestColumnCount = 1 << 20
    static let largestLine = 1 << 25

    let source: ByteSource
    let delimiter: UInt8
    private var chunk: ArraySlice<UInt8> = []
    /// The line that is read next, from 1.
    private var nextLine = 1

    /// Where the current row begins.
    private(set) var line = 0
    /// The current row's fields, unquoted, each followed by a zero.
    private var bytes: [UInt8] = []
    private var ends: [Int] = []
    /// The last of the lines that begin with `#` before the first row, without that sign.
    private(set) var comment: String?

    static let blank = UInt8(ascii: " ")
    private static let delimiters = ["\t", ";", ",", "|", " "].map { UInt8(ascii: $0) }

    /// How messages call what parts fields.
    var delimiterName: String {
        switch delimiter {
        case 9: "tabs"
        case UInt8(ascii: ","): "commas"
        case UInt8(ascii: ";"): "semicolons"
        case UInt8(ascii: "|"): "bars"
        case Self.blank: "blanks"
        default: "'\(String(decoding: [delimiter], as: UTF8.self).printable())'"
        }
    }

    init(_ source: ByteSource) throws(DataError) {
        self.source = source
        var start = try source.peek(1 << 16)
        guard !start.starts(with: [0xFF, 0xFE]), !start.starts(with: [0xFE, 0xFF]),
            start.prefix(4).count(where: { $0 == 0 }) < 2
        else {
            throw DataError(.unknownFormat, at: source.path, "it is UTF-16 or UTF-32 text", hint: "save it as UTF-8")
        }
        if start.starts(with: [0xEF, 0xBB, 0xBF]) {
            _ = try source.take(3)
            start = try source.peek(1 << 16)
        }
        // Excel's way of naming the delimiter.
        if start.starts(with: Array("sep=".utf8)), let named = start.dropFirst(4).first,
            let end = start.firstIndex(where: { $0 == 10 || $0 == 13 }), end - start.startIndex == 5
        {
            let isLong = start.dropFirst(5).starts(with: [13, 10])
            _ = try source.take(isLong ? 7 : 6)
            (delimiter, nextLine) = (named, 2)
            return
        }
        while start.first == UInt8(ascii: "#"), let end = start.firstIndex(of: 10) {
            let line = try source.take(end + 1 - start.startIndex)
            let text = String(decoding: line, as: UTF8.self).split(whereSeparator: \.isNewline).first ?? "#"
            comment = String(text.drop { $0 == "#" || $0 == " " })
            nextLine += 1
            start = try source.peek(1 << 16)
        }
        delimiter = Self.delimiter(of: start)
    }

    /// Names in a line of their own, parted as this file's fields are.
    func split(_ text: String) -> [String] {
        text.utf8.split(separator: delimiter, omittingEmptySubsequences: delimiter == Self.blank)
            .map { String(decoding: $0, as: UTF8.self).trimmed }
    }

    /// - Parameter start: the file's first bytes.
    private static func delimiter(of start: ArraySlice<UInt8>) -> UInt8 {
        let lines = firstLines(of: start)
        let first = lines.first ?? [:]
        let equal = delimiters.filter { sign in
            first[sign, default: 0] > 0 && lines.allSatisfy { $0[sign, default: 0] == first[sign, default: 0] }
        }
        if equal.first == UInt8(ascii: ","), equal.contains(blank), hasDecimalCommas(start) { return blank }
        return equal.first ?? delimiters.first { first[$0, default: 0] > 0 } ?? UInt8(ascii: ",")
    }

    /// Whether all fields of the first lines are numbers where blanks part them, as in `1,5 2,5`, which commas cannot part.
    private static func hasDecimalCommas(_ start: ArraySlice<UInt8>) -> Bool {
        let comma = UInt8(ascii: ",")
        let lines = start.split(maxSplits: 5) { $0 == 10 || $0 == 13 }.prefix(5)
        return lines.allSatisfy { line in
            line.split(separator: blank).allSatisfy { field in
                field.first != comma && field.last != comma
                    && (Array(field) + [0]).withUnsafeBufferPointer {
                        Cell(UnsafeBufferPointer(rebasing: $0.dropLast()), hasDecimalComma: true).isNumber
                    }
            }
        }
    }

    /// How often each delimiter stands outside quotation marks, in each of the first lines.
    private static func firstLines(of start: ArraySlice<UInt8>) -> [[UInt8: Int]] {
        var (lines, counts, isQuoted, before) = ([[UInt8: Int]](), [UInt8: Int](), false, UInt8(ascii: " "))
        var length = 0
        for byte in start {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if !isQuoted, byte == 10 || byte == 13 {
                // Blanks at a line's end part nothing.
                if before == blank, length > 0 { counts[blank, default: 0] -= 1 }
                if length > 0 { lines.append(counts) }
                (counts, before, length) = ([:], blank, 0)
                if lines.count == 5 { return lines }
                continue
            }
            length += 1
            // Of several blanks, and of those at a line's beginning, none or one parts fields.
            if !isQuoted, delimiters.contains(byte), byte != blank || before != blank { counts[byte, default: 0] += 1 }
            before = byte
        }
        return length > 0 && lines.isEmpty ? [counts] : lines
    }

    // MARK: The current row

    var columnCount: Int { ends.count }

    /// The field's bytes without the blanks around them.
    func field(_ column: Int) -> ArraySlice<UInt8> {
        let start = column == 0 ? 0 : ends[column - 1] + 1
        return bytes[start..<ends[column]]
    }

    func text(_ column: Int) -> String { String(decoding: field(column), as: UTF8.self) }

    /// Whether a digit comes before any letter, as in `-1_000`, `$5` or `2024-01`.
    func beginsAsNumber(_ column: Int) -> Bool {
        let minus = Array("\u{2212}".utf8)
        let field = field(column)
        let rest = field.starts(with: minus) ? field.dropFirst(minus.count) : field
        let first = rest.first { byte in
            byte >= 128 || (48...57).contains(byte) || UnicodeScalar(byte).properties.isAlphabetic
        }
        return first.map { (48...57).contains($0) } ?? false
    }

    /// Where fields are not parted by commas, one in a number stands for the point.
    var hasDecimalComma: Bool { delimiter != UInt8(ascii: ",") }

    func cell(_ column: Int) -> Cell {
        let range = field(column).indices
        return bytes.withUnsafeBufferPointer {
            Cell(UnsafeBufferPointer(rebasing: $0[range]), hasDecimalComma: hasDecimalComma)
        }
    }

    /// The field as a class: a whole number as such, whichever way it is written, else as it stands.
    /// - Returns: nil for what is missing, and for a number that is not whole.
    func label(_ column: Int) -> String? {
        switch cell(column) {
        case .number(_, let value): Int64(exactly: value).map { "\($0)" }
        case .gap: nil
        case .word: text(column)
        }
    }

    // MARK: The next row

    /// Goes on to the next row.
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
                // Several blanks part as one does; those at a line's beginning part nothing.
                if byte != Self.blank || bytes.count > (ends.last ?? -1) + 1 { try endField() }
            } else if byte == 10 || byte == 13 {
                if byte == 13, try peekByte() == 10 { _ = try self.byte() }
                break
            } else {
                try append(byte)
            }
            guard let following = try self.byte() else { break }
            byte = following
        }
        if delimiter != Self.blank || ends.isEmpty || bytes.count > (ends.last ?? -1) + 1 { try endField() }
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

extension String {
    /// Without the blanks and quotation marks around it.
    fileprivate var trimmed: String {
        var text = self[...]
        while let first = text.first, first == " " || first == "\t" || first == "\"" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" || last == "\"" { text.removeLast() }
        return String(text)
    }
}
