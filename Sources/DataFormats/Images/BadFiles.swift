import PrintableText

/// Files of a folder that cannot be read as images: told all at once, counted, with examples.
struct BadFiles {
    private static let shown = 3

    private var count = 0
    private var code = DataError.Code.malformedImage
    private var examples: [String] = []
    private var hint: String?

    mutating func add(_ name: String, _ error: DataError) {
        if count == 0 { (code, hint) = (error.code, error.hint) }
        // Where they are bad for different reasons, no one way out serves all.
        if error.hint != hint { hint = "mend them, or take them out of the folder" }
        count += 1
        if examples.count < Self.shown { examples.append("'\(name.printable())': \(error.message)") }
    }

    /// - Throws: the first one's code where there are any.
    func check(of total: Int, path: String) throws(DataError) {
        guard count > 0 else { return }
        let list = examples.joined(separator: "; ")
        let more = count > Self.shown ? "; \(count - Self.shown) more" : ""
        throw DataError(
            code, at: path, "\(count) of its \(total) files cannot be used: \(list)\(more)", hint: hint)
    }
}
