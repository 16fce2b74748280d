import CElementwise
import RandomNumbers
import Testing

@Suite struct SampleKernelTests {
    @Test(arguments: [1, 3, 16, 17, 100]) func rowsAreGatheredAndScaled(columns: Int) {
        let order: [Int32] = [4, 0, 4, 2]
        let bytes = (0..<5 * columns).map { UInt8(truncatingIfNeeded: $0 * 7) }
        let floats = bytes.map { Float($0) - 100 }
        var bits = [UInt16](repeating: 0, count: floats.count)
        ce_to_bf16(floats, floats.count, &bits)
        var (fromBytes, fromFloats, fromBits) = (
            [Float](repeating: 0, count: 4 * columns), [Float](repeating: 0, count: 4 * columns),
            [Float](repeating: 0, count: 4 * columns)
        )
        ce_gather_u8(bytes, order, 4, columns, 255, &fromBytes)
        ce_gather_f32(floats, order, 4, columns, 3, &fromFloats)
        ce_gather_bf16(bits, order, 4, columns, 3, &fromBits)
        for (place, row) in order.enumerated() {
            for column in 0..<columns {
                let (to, from) = (place * columns + column, Int(row) * columns + column)
                #expect(fromBytes[to] == Float(bytes[from]) / 255)
                #expect(fromFloats[to] == floats[from] / 3)
                // Whole numbers below 256 have no more than eight bits.
                #expect(fromBits[to] == floats[from] / 3)
            }
        }
    }

    @Test(arguments: [(1, 1, 1), (1, 7, 3), (5, 1, 2), (5, 7, 1), (8, 16, 3)])
    func picturesAreMoved(height: Int, width: Int, channels: Int) {
        let picture = (1...height * width * channels).map { Float($0) }
        for (down, right) in [-9, -3, -1, 0, 1, 2, 20].flatMap({ down in [-17, -2, 0, 1, 16].map { (down, $0) } }) {
            var moved = picture + [-1]
            ce_shift(&moved, height, width, channels, down, right)
            let expected = picture.indices.map { place in
                let row = place / (width * channels) - down
                let column = place / channels % width - right
                guard (0..<height).contains(row), (0..<width).contains(column) else { return 0 as Float }
                return picture[(row * width + column) * channels + place % channels]
            }
            #expect(moved == expected + [-1], "\(down) down, \(right) to the right")
        }
    }

    private func rounded(_ values: [Float]) -> [Float] {
        var bits = [UInt16](repeating: 0, count: values.count)
        ce_to_bf16(values, values.count, &bits)
        var back = [Float](repeating: 0, count: values.count)
        ce_from_bf16(bits, bits.count, &back)
        return back
    }

    @Test func specialNumbersStayWhatTheyAre() {
        let values: [Float] = [0, -0.0, .infinity, -.infinity, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, 1, -2]
        let back = rounded(values)
        #expect(back.map(\.bitPattern) == [Float]([0, -0.0, .infinity, -.infinity, 0, -0.0, 1, -2]).map(\.bitPattern))
        // A NaN whose lower half alone says so must not become an infinity.
        for bits: UInt32 in [0x7F80_0001, 0xFF80_0001, 0x7FC0_0000, 0x7FFF_FFFF] {
            #expect(rounded([Float(bitPattern: bits)])[0].isNaN)
        }
        // Denormal numbers keep their upper half.
        #expect(rounded([Float(bitPattern: 0x0041_0000)])[0].bitPattern == 0x0041_0000)
        // The largest numbers are nearer to infinity than to the largest bfloat16.
        #expect(rounded([.greatestFiniteMagnitude])[0] == .infinity)
        #expect(rounded([Float(bitPattern: 0x7F7F_7FFF)])[0].bitPattern == 0x7F7F_0000)
    }

    @Test func tiesGoToTheEvenNeighbour() {
        let pairs: [(UInt32, UInt32)] = [
            (0x3F80_8000, 0x3F80_0000), (0x3F81_8000, 0x3F82_0000), (0x3F80_8001, 0x3F81_0000),
            (0x3F80_7FFF, 0x3F80_0000), (0xBF81_8000, 0xBF82_0000), (0x3FFF_8000, 0x4000_0000),
        ]
        for (value, expected) in pairs {
            #expect(rounded([Float(bitPattern: value)])[0].bitPattern == expected)
        }
    }

    @Test func theNearestIsFoundAndRoundingAgainChangesNothing() {
        var random = Philox(key: 3, stream: 1)
        let values = (0..<10_000).map { _ in Float(bitPattern: random.nextBits()) }.filter(\.isFinite)
        let back = rounded(values)
        for (value, nearest) in zip(values, back) where nearest.isFinite && value.isNormal {
            #expect(abs(nearest - value) <= value.ulp * 0x1p15)
        }
        #expect(rounded(back).map(\.bitPattern) == back.map(\.bitPattern))
    }
}
