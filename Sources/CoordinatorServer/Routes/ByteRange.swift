/// Which bytes a request wants (RFC 9110, section 14). Several ranges at once are answered with the whole.
enum ByteRange: Hashable {
    case whole
    case part(Range<Int>)
    case unsatisfiable

    /// - Parameter field: the header `Range`; what is malformed counts as if it were not there.
    init(_ field: String, size: Int) {
        let unit = "bytes="
        let ends = field.dropFirst(unit.count).split(separator: "-", omittingEmptySubsequences: false)
        guard field.lowercased().hasPrefix(unit), ends.count == 2 else {
            self = .whole
            return
        }
        switch (Self.number(ends[0]), Self.number(ends[1])) {
        case (let first?, let last?): self = first > last ? .whole : Self.part(first..<last + 1, size: size)
        case (let first?, nil) where ends[1].isEmpty: self = Self.part(first..<max(first + 1, size), size: size)
        case (nil, let count?) where ends[0].isEmpty:
            self = count == 0 ? .unsatisfiable : Self.part(max(0, size - count)..<size, size: size)
        default: self = .whole
        }
    }

    private static func part(_ range: Range<Int>, size: Int) -> ByteRange {
        let within = range.clamped(to: 0..<size)
        return within.isEmpty ? .unsatisfiable : .part(within)
    }

    /// At most 18 digits: no file is larger.
    private static func number(_ text: Substring) -> Int? {
        guard (1...18).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(text)
    }
}
