import PrintableText

/// Numbers of an array of which float32 does not keep every digit that tells them apart, noted as the rows are decoded.
final class RoundedNumbers {
    /// From here on float32 does not have every whole number.
    static let exact = 16_777_216.0

    /// The first of them, and which number of its sample it is, from 0.
    private var first: (value: Double, place: Int)?

    static func isRounded(_ exact: Double, _ value: Float) -> Bool {
        exact.magnitude > Self.exact && Double(value) != exact
    }

    /// - Parameters:
    ///   - bytes: whole rows, as they lie in the file.
    ///   - size: how many numbers a row has.
    func look(at bytes: UnsafeRawBufferPointer, of array: NumberArray, size: Int) {
        guard first == nil, let found = array.firstRounded(bytes) else { return }
        first = (found.value, found.place % size)
    }

    /// What a reader of the file should know, a sentence each.
    func remarks(path: String, sampleShape: [Int]) -> [String] {
        guard let first else { return [] }
        let place = sampleShape.count == 1 && sampleShape[0] > 1 ? "column \(first.place + 1)" : "it"
        return [Self.remark(path: path, place: place, value: first.value)]
    }

    static func remark(path: String, place: String, value: Double) -> String {
        "\(path.printable()): \(place) has numbers such as \(value), of which float32 keeps 7 digits; subtract what all have"
            + " in common"
    }
}
