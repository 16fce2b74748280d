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

/// Numbers of an array that are not finite, counted, with the places of the first three.
struct NumbersNotFinite {
    private var count = 0
    private var places: [Int] = []

    /// - Parameter start: the place of the first of `values` in the array, from 0.
    mutating func look(at values: UnsafeBufferPointer<Float>, from start: Int) {
        for (place, value) in values.enumerated() where !value.isFinite {
            count += 1
            if places.count < 3 { places.append(start + place) }
        }
    }

    /// - Parameter size: how many numbers a sample has.
    /// - Throws: `.notFinite` where there were any.
    func check(path: String, size: Int) throws(DataError) {
        guard count > 0 else { return }
        let examples = places.map {
            size == 1 ? "sample \($0 + 1)" : "sample \($0 / size + 1), number \($0 % size + 1)"
        }
        throw DataError(
            .notFinite, at: path,
            "\(count) of its numbers \(count == 1 ? "is" : "are") not finite as float32: \(examples.joined(separator: "; "))",
            hint: "fill them, or leave these samples out")
    }
}
