extension Unicode.Scalar {
    /// Whether it moves a cursor, changes colours, turns the direction of writing, or shows as nothing at all.
    package var steersTerminals: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
        default: false
        }
    }
}

extension StringProtocol {
    /// The text for a message that goes to a terminal or a log: what would steer either is escaped, and no name from a
    /// file fills the screen.
    package func printable(atMost limit: Int = 80) -> String {
        var shown = ""
        for (index, scalar) in unicodeScalars.enumerated() {
            guard index < limit else { return shown + "..." }
            shown.append(escaping: scalar)
        }
        return shown
    }

    /// Whole lines for a terminal: line feeds and tabs stay, all else that would steer it is escaped.
    package var printableLines: String {
        let isPlain = utf8.allSatisfy { (0x20..<0x7f).contains($0) || $0 == 0x0a || $0 == 0x09 }
        guard !isPlain else { return String(self) }
        var shown = ""
        for scalar in unicodeScalars {
            if scalar == "\n" || scalar == "\t" {
                shown.unicodeScalars.append(scalar)
            } else {
                shown.append(escaping: scalar)
            }
        }
        return shown
    }

    /// A JSON text with the same meaning that steers no terminal: outside of its strings it has none of these characters.
    package var printableJSON: String {
        var shown = ""
        for scalar in unicodeScalars {
            if scalar != "\n", scalar.steersTerminals {
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    shown += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }
}

extension String {
    fileprivate mutating func append(escaping scalar: Unicode.Scalar) {
        if scalar.steersTerminals {
            self += "\\u{\(String(scalar.value, radix: 16))}"
        } else {
            unicodeScalars.append(scalar)
        }
    }
}
