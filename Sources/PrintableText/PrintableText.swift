extension StringProtocol {
    /// The text for a message that goes to a terminal or a log: what would steer either is escaped, and no name from a
    /// file fills the screen.
    package func printable(atMost limit: Int = 80) -> String {
        var shown = ""
        for (index, scalar) in unicodeScalars.enumerated() {
            guard index < limit else { return shown + "..." }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
                shown += "\\u{\(String(scalar.value, radix: 16))}"
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }
}
