package import DataFormats
package import RunProtocol

extension NumberRange {
    /// Of all the numbers as they are stored.
    package init(of rows: SampleRows) throws {
        var (lowest, highest, sum) = (Float.infinity, -Float.infinity, 0.0)
        try rows.forEachRow { bytes in
            switch rows.type {
            case .uint8:
                var total = 0
                for value in bytes {
                    total += Int(value)
                    lowest = min(lowest, Float(value))
                    highest = max(highest, Float(value))
                }
                sum += Double(total)
            case .float32:
                for value in bytes.bindMemory(to: Float.self) {
                    sum += Double(value.magnitude)
                    lowest = min(lowest, value)
                    highest = max(highest, value)
                }
            }
        }
        self.init(
            lowest: Double(lowest), highest: Double(highest),
            meanMagnitude: sum / max(1, Double(rows.count) * Double(rows.size)))
    }
}

extension SampleRows {
    /// A digest of each sample's numbers when they are divided by `divisor`: equal samples have equal ones, however they are
    /// stored.
    package func digests(dividedBy divisor: Double) throws -> [ShortDigest] {
        var digests: [ShortDigest] = []
        digests.reserveCapacity(count)
        var scaled = [Float](repeating: 0, count: size)
        let divisor = Float(divisor)
        try forEachRow { bytes in
            switch type {
            case .uint8: for place in 0..<size { scaled[place] = Float(bytes[place]) / divisor }
            // Adding zero makes zeros alike.
            case .float32:
                let values = bytes.bindMemory(to: Float.self)
                for place in 0..<size { scaled[place] = values[place] / divisor + 0 }
            }
            digests.append(scaled.withUnsafeBytes { ShortDigest(of: $0) })
        }
        return digests
    }

    /// Hands over each sample's bytes, in their order.
    fileprivate func forEachRow(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let rowBytes = size * type.bytes
        try forEachPart { part in
            for offset in stride(from: 0, to: part.count, by: rowBytes) {
                try body(UnsafeRawBufferPointer(rebasing: part[offset..<offset + rowBytes]))
            }
        }
    }
}

/// The digests of some samples, to look others up among them: 16 bytes each.
package struct DigestSet {
    private let sorted: [ShortDigest]

    package init(_ digests: [ShortDigest]) { sorted = digests.sorted() }

    package func contains(_ digest: ShortDigest) -> Bool {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < digest { low = middle + 1 } else { high = middle }
        }
        return low < sorted.count && sorted[low] == digest
    }
}
