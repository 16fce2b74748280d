import Glibc

/// What a field of a text file is.
enum Cell {
    /// Rounded to the nearest float32 and float64; infinite where it is too large.
    case number(Float, Double)
    /// Nothing, or one of the words that stand for a value that is missing.
    case gap
    case word

    /// As pandas and R write what is missing; `nan` and `inf` are no values either.
    private static let gaps: Set<String> = [
        "", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "?", "-", ".", "\\n", "inf", "-inf", "+inf",
    ]

    /// - Parameter field: without the blanks around it, followed by a zero byte.
    /// - Parameter hasDecimalComma: whether `1,5` is one and a half.
    init(_ field: UnsafeBufferPointer<UInt8>, hasDecimalComma: Bool) {
        // Most numbers are short and whole; those need no library.
        if (1...9).contains(field.count), field.allSatisfy({ (48...57).contains($0) }) {
            let value = field.reduce(0) { $0 * 10 + Int($1 - 48) }
            self = .number(Float(value), Double(value))
            return
        }
        if hasDecimalComma, field.count(where: { $0 == 44 }) == 1, !field.contains(46) {
            let text = field.map { $0 == 44 ? 46 : $0 } + [0]
            self = text.withUnsafeBufferPointer { Self.parse(UnsafeBufferPointer(rebasing: $0.dropLast())) }
        } else {
            self = Self.parse(field)
        }
    }

    private static func parse(_ field: UnsafeBufferPointer<UInt8>) -> Cell {
        let isPlain = field.allSatisfy { byte in (48...57).contains(byte) || [43, 45, 46, 69, 101].contains(byte) }
        if isPlain, !field.isEmpty, let start = field.baseAddress {
            return start.withMemoryRebound(to: CChar.self, capacity: field.count + 1) { start in
                var end: UnsafeMutablePointer<CChar>?
                let value = strtof(start, &end)
                guard end == UnsafeMutablePointer(mutating: start) + field.count else {
                    return gaps.contains(String(decoding: field, as: UTF8.self)) ? .gap : .word
                }
                return .number(value, field.count > 7 ? strtod(start, nil) : Double(value))
            }
        }
        guard field.count <= 5 else { return .word }
        return gaps.contains(String(decoding: field, as: UTF8.self).lowercased()) ? .gap : .word
    }

    var isNumber: Bool { if case .number = self { true } else { false } }
    var isGap: Bool { if case .gap = self { true } else { false } }
    var isWord: Bool { if case .word = self { true } else { false } }
}
