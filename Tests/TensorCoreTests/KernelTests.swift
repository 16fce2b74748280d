import CElementwise
import Glibc
import RandomNumbers
import TensorCore
import Testing

/// Each kernel against the plainest way of computing the same.
@Suite struct KernelTests {
    static let sizes = [1, 3, 15, 16, 17, 64, 100, 1_000]

    func numbers(_ count: Int, from low: Float = -4, to high: Float = 4) -> [Float] {
        var random = Philox(key: 42, stream: UInt64(count))
        return (0..<count).map { _ in low + (high - low) * random.nextUnit() }
    }

    @Test(arguments: sizes) func activationsAreTheFunctionsTheyAreCalled(count: Int) {
        let x = numbers(count, from: -20, to: 20)
        let zeros = [Float](repeating: 0, count: count)
        let references: [(ce_activation, (Double) -> Double)] = [
            (CE_RELU, { max($0, 0) }), (CE_SIGMOID, { 1 / (1 + exp(-$0)) }), (CE_TANH, { tanh($0) }),
            (CE_LINEAR, { $0 }),
        ]
        for (kind, reference) in references {
            var y = x
            ce_bias_activation(&y, zeros, 1, count, kind)
            for (value, input) in zip(y, x) { #expect(abs(Double(value) - reference(Double(input))) < 5e-7) }
        }
    }

    @Test(arguments: sizes) func maskingFollowsThePhiloxReference(count: Int) {
        let x = numbers(count)
        var out = [Float](repeating: 0, count: count)
        ce_drop(x, count, 0.3, 2, 99, 7, 5 << 32, &out)
        for index in 0..<count {
            let block = Philox.block(key: 99, stream: 7, counter: UInt64(5 << 32) + UInt64(index / 4))
            let unit = Float(block[index % 4] >> 8) * 0x1p-24
            #expect(out[index] == (unit < 0.3 ? 0 : 2 * x[index]))
        }
    }

    @Test func noiseIsNormal() {
        let count = 200_000
        var out = [Float](repeating: 0, count: count)
        ce_add_noise(out, count, 2, 1, 2, 3, &out)
        let mean = out.reduce(0.0) { $0 + Double($1) } / Double(count)
        let variance = out.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(count)
        let beyondTwo = Double(out.count { abs($0) > 4 }) / Double(count)
        #expect(abs(mean) < 0.02)
        #expect(abs(variance - 4) < 0.05)
        #expect(abs(beyondTwo - 0.0455) < 0.003)
    }

    @Test(arguments: sizes, [1, 3, 16, 37]) func columnSumsAddRows(columns: Int, rows: Int) {
        let x = numbers(rows * columns)
        var sums = [Float](repeating: 9, count: columns)
        ce_column_sums(x, rows, columns, false, &sums)
        for column in 0..<columns {
            let expected = (0..<rows).reduce(0.0) { $0 + Double(x[$1 * columns + column]) }
            #expect(abs(Double(sums[column]) - expected) < 1e-4)
        }
        let once = sums
        ce_column_sums(x, rows, columns, true, &sums)
        for column in 0..<columns { #expect(abs(sums[column] - 2 * once[column]) < 1e-4) }
    }

    @Test(arguments: sizes) func adamIsTheFormulaOfThePaper(count: Int) {
        let gradient = numbers(count)
        var (w, m, v) = (numbers(count, from: -1, to: 1), numbers(count), numbers(count, from: 0, to: 1))
        let before = (w, m, v)
        ce_adam(&w, gradient, &m, &v, count, 0.01, 0.9, 0.999, 1e-8, 0.001)
        for index in 0..<count {
            let g = Double(gradient[index])
            let first = 0.9 * Double(before.1[index]) + 0.1 * g
            let second = 0.999 * Double(before.2[index]) + 0.001 * g * g
            let expected = Double(before.0[index]) * 0.999 - 0.01 * first / (second.squareRoot() + 1e-8)
            #expect(abs(Double(w[index]) - expected) < 1e-5)
        }
    }

    @Test(arguments: sizes) func rowsComeToLengthOne(columns: Int) {
        var rows = numbers(2 * columns) + [Float](repeating: 0, count: columns)
        ce_unit_rows(&rows, 3, columns)
        for row in 0..<2 {
            let squares = rows[row * columns..<(row + 1) * columns].reduce(0.0) { $0 + Double($1) * Double($1) }
            #expect(abs(squares - 1) < 1e-5)
        }
        #expect(rows[(2 * columns)...].allSatisfy { $0 == 0 })
    }

    @Test(arguments: sizes) func softmaxIsStableAndAddsUpToOne(columns: Int) {
        var z = numbers(columns, from: 60, to: 95)
        let sums = z
        var delta = [Float](repeating: 0, count: columns)
        let bias = [Float](repeating: 0, count: columns)
        let loss = ce_softmax_cross_entropy(&z, bias, [0], nil, 1, columns, 1, &delta)
        let largest = Double(sums.max() ?? 0)
        let total = sums.reduce(0) { $0 + exp(Double($1) - largest) }
        #expect(abs(loss - (log(total) + largest - Double(sums[0]))) < 1e-4)
        #expect(abs(delta.reduce(0, +)) < 1e-5)
    }
}
