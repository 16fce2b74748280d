import PrintableText

extension StringProtocol {
    /// Text from outside for a line whose width is counted: what would steer the terminal is escaped, and a character that
    /// not all terminals make equally wide (accents of their own, emoji, scripts from right to left) becomes a `?`.
    /// - Parameter limit: how many characters at most.
    package func displayable(atMost limit: Int = 80) -> String {
        var shown = ""
        for scalar in printable(atMost: limit).unicodeScalars {
            shown.unicodeScalars.append(scalar.columns == nil ? "?" : scalar)
        }
        return shown
    }
}

extension Unicode.Scalar {
    /// How many columns of a terminal it takes; nil where terminals differ.
    var columns: Int? {
        switch value {
        // Latin, Greek, Cyrillic; punctuation, arrows, mathematics, lines and blocks.
        case 0x20...0x7E, 0xA1...0xAC, 0xAE...0x2FF, 0x370...0x482, 0x48A...0x52F, 0x1E00...0x1FFF: 1
        case 0x2010...0x2027, 0x2030...0x205E, 0x20A0...0x20BF, 0x2190...0x21FF, 0x2200...0x22FF: 1
        case 0x2500...0x259F: 1
        // Kana, Chinese characters, Hangul, wide forms of Latin.
        case 0x3001...0x3029, 0x3041...0x3096, 0x30A1...0x30FF, 0x3400...0x4DBF, 0x4E00...0x9FFF: 2
        case 0xAC00...0xD7A3, 0xFF01...0xFF60: 2
        default: nil
        }
    }
}

extension String {
    /// Columns of a terminal.
    var columns: Int { unicodeScalars.reduce(0) { $0 + ($1.columns ?? 1) } }

    /// As much of its beginning as `width` columns hold.
    func cut(to width: Int) -> String {
        var (kept, left) = ("", width)
        for scalar in unicodeScalars {
            left -= scalar.columns ?? 1
            guard left >= 0 else { break }
            kept.unicodeScalars.append(scalar)
        }
        return kept
    }

    /// Lines of at most `width` columns; words that are longer are cut in pieces.
    package func wrapped(to width: Int) -> [String] {
        var lines = [""]
        for word in split(separator: " ") {
            var rest = String(word)
            if let line = lines.last, !line.isEmpty {
                if line.columns + 1 + rest.columns <= width {
                    lines[lines.count - 1] += " " + rest
                    continue
                }
                lines.append("")
            }
            while rest.columns > width, width > 1 {
                let piece = rest.cut(to: width)
                lines[lines.count - 1] = piece
                lines.append("")
                rest.unicodeScalars.removeFirst(piece.unicodeScalars.count)
            }
            lines[lines.count - 1] = rest
        }
        return lines
    }
}
