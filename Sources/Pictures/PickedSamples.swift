import DataFormats
package import RunProtocol
package import Training

/// Some samples of a file, in memory.
package struct PickedSamples: Sendable {
    /// Where they stand in the file, from 0.
    package let places: [Int32]
    /// In the order of `places`.
    package let samples: Samples

    /// `count` places out of `total`, or all where there are fewer: evenly spaced, since samples may be sorted by class.
    package static func places(_ count: Int, of total: Int) -> [Int32] {
        let picked = min(count, total)
        return (0..<picked).map { Int32($0 * total / picked) }
    }

    /// - Parameters:
    ///   - path: a file that `set` tells of.
    ///   - places: in 0 ..< set.count.
    /// - Throws: `DataError` whenever the file cannot be read or has other samples.
    package init(_ path: String, of set: SampleSet, places: [Int32]) throws {
        let rows = try SampleFile.rows(path)
        guard rows.count == set.count, rows.size == set.size else {
            throw DataError(
                .wrongShape, at: path,
                "has \(rows.count) samples of \(rows.size), not \(set.count) of \(set.size)")
        }
        self.places = places
        var bytes: [UInt8] = []
        bytes.reserveCapacity(places.count * rows.size * rows.type.bytes)
        try rows.forEachPart(of: places[...]) { bytes += $0 }
        let numbers: Samples.Numbers =
            switch rows.type {
            case .uint8: .uint8(bytes)
            case .float32: .float32(bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) })
            }
        samples = Samples(count: places.count, size: rows.size, numbers: numbers, divisor: set.divisor)
    }

    package var count: Int { places.count }

    /// One sample as the network sees it.
    package func sample(_ index: Int) -> [Float] { samples.sample(index) }
}
