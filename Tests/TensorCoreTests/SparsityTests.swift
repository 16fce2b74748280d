import CElementwise
import RandomNumbers
import Testing

/// The kernels that keep few numbers, against sorting.
@Suite struct SparsityTests {
    /// Numbers of which many are equal or zero, of both signs where `low` is negative.
    static func numbers(_ count: Int, seed: UInt64, low: Int = -6) -> [Float] {
        var random = Philox(key: seed, stream: 5)
        return (0..<count).map { _ in Float(low + random.next(below: 13)) / 4 }
    }

    /// `values` at `places`, of which only the `keep` largest stay, the first of equal ones, zeros not counted.
    static func keep(_ keep: Int, of places: [Int], in values: inout [Float]) {
        let order = places.filter { values[$0] != 0 }.sorted { (values[$1], $0) < (values[$0], $1) }
        for place in order.dropFirst(keep) { values[place] = 0 }
    }

    @Test(arguments: [1, 2, 13, 16, 17, 31, 64, 101], [1, 3, 16, 200] as [Int])
    func rowsKeepTheirLargest(columns: Int, keep: Int) {
        var x = Self.numbers(5 * columns, seed: UInt64(columns))
        var expected = x
        for row in 0..<5 { Self.keep(keep, of: Array(row * columns..<(row + 1) * columns), in: &expected) }
        var ranks = [UInt32](repeating: 0, count: columns)
        ce_keep_in_rows(&x, 5, columns, keep, &ranks)
        #expect(x == expected)
    }

    @Test(arguments: [1, 2, 7, 16, 33], [1, 3, 15, 16, 17, 67]) func columnsKeepTheirLargest(rows: Int, columns: Int) {
        for keep in [1, 2, 5, 40] {
            var x = Self.numbers(rows * columns, seed: UInt64(rows * 100 + columns))
            var expected = x
            for column in 0..<columns {
                Self.keep(keep, of: Array(stride(from: column, to: rows * columns, by: columns)), in: &expected)
            }
            ce_keep_in_columns(&x, rows, columns, keep)
            #expect(x == expected)
        }
    }

    @Test(arguments: [1, 3, 8], [1, 4, 9, 25]) func winnersAreOnePositionOfASample(samples: Int, positions: Int) {
        for (channels, keep) in [(1, 1), (5, 2), (16, 3), (19, 8)] {
            var x = Self.numbers(samples * positions * channels, seed: UInt64(samples * 1_000 + positions), low: -12)
            var expected = x
            for channel in 0..<channels {
                let size = positions * channels
                let all = Array(stride(from: channel, to: samples * size, by: channels))
                if positions > 1 {
                    for sample in 0..<samples {
                        Self.keep(1, of: all.filter { $0 / size == sample }, in: &expected)
                    }
                }
                Self.keep(keep, of: all, in: &expected)
            }
            var winners = [Float](repeating: 7, count: samples * channels)
            ce_keep_winners(&x, samples, positions, channels, keep, &winners)
            #expect(x == expected)
        }
    }

    @Test(arguments: KernelTests.sizes) func noGradientFlowsThroughZeros(count: Int) {
        let x = Self.numbers(count, seed: 3)
        var gradient = Self.numbers(count, seed: 4).map { $0 + 9 }
        let before = gradient
        ce_zero_where_zero(&gradient, x, count)
        #expect(gradient == zip(before, x).map { $1 == 0 ? 0 : $0 })
    }

    @Test(arguments: KernelTests.sizes) func saltAndPepperFollowsThePhiloxReference(count: Int) {
        let x = Self.numbers(count, seed: 6)
        var out = [Float](repeating: 7, count: count)
        ce_salt_and_pepper(x, count, 0.4, 99, 7, 5 << 32, &out)
        for index in 0..<count {
            let block = Philox.block(key: 99, stream: 7, counter: UInt64(5 << 32) + UInt64(index / 4))
            let unit = Float(block[index % 4] >> 8) * 0x1p-24
            #expect(out[index] == (unit < 0.2 ? 0 : unit < 0.4 ? 1 : x[index]))
        }
    }

    @Test(arguments: KernelTests.sizes) func longColumnsAreScaledBack(columns: Int) {
        let w = Self.numbers(7 * columns, seed: 8)
        var limited = w
        var squares = [Double](repeating: 0, count: columns)
        ce_limit_columns(&limited, 7, columns, 2, &squares)
        for column in 0..<columns {
            let places = stride(from: column, to: 7 * columns, by: columns)
            let length = places.reduce(0.0) { $0 + Double(w[$1]) * Double(w[$1]) }.squareRoot()
            for place in places {
                #expect(abs(Double(limited[place]) - Double(w[place]) * min(1, 2 / length)) < 1e-6)
            }
            if length <= 2 { #expect(places.allSatisfy { limited[$0] == w[$0] }) }
        }
    }
}
