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
