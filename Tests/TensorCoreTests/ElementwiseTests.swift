import CElementwise
import Glibc
import RandomNumbers
import Testing

/// Kernels over rows and columns against the plainest way of computing the same, in float64. Among the shapes are ones,
/// primes, sizes on both sides of a vector's, and random ones.
@Suite struct ElementwiseTests {
    struct Shape: CustomTestStringConvertible {
        var rows: Int
        var columns: Int
        var count: Int { rows * columns }
        var testDescription: String { "\(rows) x \(columns)" }
    }

    static let shapes: [Shape] = {
        var random = Philox(key: 12, stream: 0)
        let chosen = [(1, 1), (1, 17), (2, 15), (3, 16), (7, 31), (13, 1), (5, 64), (2, 257)]
        let drawn = (0..<8).map { _ in (1 + random.next(below: 20), 1 + random.next(below: 120)) }
        return (chosen + drawn).map { Shape(rows: $0.0, columns: $0.1) }
    }()

    static var activations: [(kind: ce_activation, value: (Double) -> Double, slope: (Double) -> Double)] {
        [
            (CE_RELU, { max($0, 0) }, { $0 > 0 ? 1 : 0 }), (CE_SIGMOID, { 1 / (1 + exp(-$0)) }, { $0 * (1 - $0) }),
            (CE_TANH, { tanh($0) }, { 1 - $0 * $0 }), (CE_LINEAR, { $0 }, { _ in 1 }),
        ]
    }

    private func numbers(_ count: Int, stream: UInt64, from low: Float = -3, to high: Float = 3) -> [Float] {
        var random = Philox(key: UInt64(count), stream: stream)
        // Some are zero.
        return (0..<count).map { $0 % 7 == 3 ? max(low, 0) : low + (high - low) * random.nextUnit() }
    }

    private func expectClose(_ ours: [Float], _ expected: [Double], within tolerance: Double = 2e-6) {
        #expect(ours.count == expected.count)
        let worst = zip(ours, expected).map { abs(Double($0) - $1) / max(1, abs($1)) }.max() ?? 0
        #expect(worst < tolerance)
    }

    @Test(arguments: shapes) func biasIsAddedToEachRow(shape: Shape) {
        let (sums, bias) = (numbers(shape.count, stream: 0), numbers(shape.columns, stream: 1))
        for activation in Self.activations {
            var y = sums
            ce_bias_activation(&y, bias, shape.rows, shape.columns, activation.kind)
            expectClose(y, sums.indices.map { activation.value(Double(sums[$0]) + Double(bias[$0 % shape.columns])) })
        }
    }

    @Test(arguments: shapes, [0, 0.25] as [Float]) func slopesAndPenaltyGoBackward(shape: Shape, l1: Float) {
        for activation in Self.activations {
            let y = numbers(shape.count, stream: 2).map { Float(activation.value(Double($0))) }
            let above = numbers(shape.count, stream: 3)
            var gradient = above
            ce_activation_backward(&gradient, y, shape.count, l1, activation.kind)
            expectClose(
                gradient,
                y.indices.map { index in
                    let sign: Double = y[index] > 0 ? 1 : y[index] < 0 ? -1 : 0
                    return (Double(above[index]) + Double(l1) * sign) * activation.slope(Double(y[index]))
                })
        }
    }

    @Test(arguments: shapes) func sumsScalesAndCounts(shape: Shape) {
        let (x, y, z) = (
            numbers(shape.count, stream: 4), numbers(shape.count, stream: 5), numbers(shape.count, stream: 6)
        )
        var (sum, scaled, triad) = (y, x, z)
        ce_add(&sum, x, shape.count)
        ce_scale(&scaled, shape.count, 0.3)
        ce_triad(&triad, x, y, 0.7, shape.count)
        #expect(sum == zip(y, x).map { $0 + $1 })
        #expect(scaled == x.map { $0 * 0.3 })
        #expect(triad == zip(x, y).map { $0 + 0.7 * $1 })
        let absolutes = x.reduce(0.0) { $0 + Double($1.magnitude) }
        #expect(abs(ce_sum_of_absolutes(x, shape.count) - absolutes) < 1e-9)

        var active = [Int32](repeating: 5, count: shape.columns)
        let total = ce_count_active(x, shape.rows, shape.columns, &active)
        #expect(total == x.count { $0 != 0 })
        let expected = (0..<shape.columns).map { column in
            5 + Int32((0..<shape.rows).count { x[$0 * shape.columns + column] != 0 })
        }
        #expect(active == expected)
    }

    @Test(arguments: shapes) func noiseFollowsBoxAndMuller(shape: Shape) {
        let x = numbers(shape.count, stream: 7)
        var out = [Float](repeating: 9, count: shape.count)
        ce_add_noise(x, shape.count, 0.5, 99, 7, 5 << 32, &out)
        expectClose(
            out,
            x.indices.map { index in
                let block = Philox.block(key: 99, stream: 7, counter: UInt64(5 << 32) + UInt64(index / 4))
                let units = (0..<4).map { Double(block[$0] >> 8) * 0x1p-24 }
                let pair = index % 4 / 2 * 2
                let angle = 2 * Double.pi * units[pair + 1]
                let normal = (-2 * log(1 - units[pair])).squareRoot() * (index % 2 == 0 ? cos(angle) : sin(angle))
                return Double(x[index]) + 0.5 * normal
            }, within: 1e-5)
    }

    // MARK: Losses

    private typealias Loss = (
        _ z: inout [Float], _ bias: [Float], _ target: [Float], _ delta: UnsafeMutablePointer<Float>?
    ) -> Double

    /// - Parameters:
    ///   - value: the output of a sum.
    ///   - loss: of a sum, its output and its target.
    ///   - slope: the derivative of the loss by the sum, of the same.
    private func expect(
        _ kernel: Loss, _ shape: Shape, scale: Double, value: (Double) -> Double,
        loss: (_ sum: Double, _ output: Double, _ target: Double) -> Double,
        slope: (_ sum: Double, _ output: Double, _ target: Double) -> Double
    ) {
        let (sums, bias) = (numbers(shape.count, stream: 8), numbers(shape.columns, stream: 9))
        let target = numbers(shape.count, stream: 10, from: 0, to: 1)
        let places = sums.indices.map { index in
            let sum = Double(sums[index]) + Double(bias[index % shape.columns])
            return (sum: sum, output: value(sum), target: Double(target[index]))
        }
        let expected = places.reduce(0) { $0 + loss($1.sum, $1.output, $1.target) }
        var (z, delta) = (sums, [Float](repeating: 9, count: shape.count))
        let total = kernel(&z, bias, target, &delta)
        #expect(abs(total - expected) < 1e-6 * Double(shape.count) + 1e-6 * expected)
        expectClose(z, places.map(\.output))
        expectClose(delta, places.map { scale * slope($0.sum, $0.output, $0.target) })
        var other = sums
        #expect(kernel(&other, bias, target, nil) == total)
        #expect(other == z)
    }

    @Test(arguments: shapes) func squaredErrors(shape: Shape) {
        for activation in Self.activations {
            expect(
                { ce_squared_error(&$0, $1, $2, shape.rows, shape.columns, activation.kind, 0.25, $3) }, shape,
                scale: 0.25, value: activation.value, loss: { ($1 - $2) * ($1 - $2) },
                slope: { 2 * ($1 - $2) * activation.slope($1) })
        }
    }

    @Test(arguments: shapes) func crossEntropies(shape: Shape) {
        expect(
            { ce_binary_cross_entropy(&$0, $1, $2, shape.rows, shape.columns, 0.25, $3) }, shape, scale: 0.25,
            value: { 1 / (1 + exp(-$0)) }, loss: { -($2 * log($1) + (1 - $2) * log(1 - $1)) }, slope: { $1 - $2 })
    }

    @Test(arguments: shapes, [false, true]) func softmaxOfManyRows(shape: Shape, isWeighted: Bool) {
        let (sums, bias) = (numbers(shape.count, stream: 11), numbers(shape.columns, stream: 12))
        let labels = (0..<shape.rows).map { Int32($0 * 5 % shape.columns) }
        let importance = numbers(shape.rows, stream: 13, from: 0, to: 2)
        var (z, delta) = (sums, [Float](repeating: 9, count: shape.count))
        func kernel(_ z: inout [Float], _ delta: UnsafeMutablePointer<Float>?) -> Double {
            importance.withUnsafeBufferPointer {
                ce_softmax_cross_entropy(
                    &z, bias, labels, isWeighted ? $0.baseAddress : nil, shape.rows, shape.columns, 0.5, delta)
            }
        }
        let total = kernel(&z, &delta)
        var expected = (loss: 0.0, probabilities: [Double](), delta: [Double]())
        for row in 0..<shape.rows {
            let powers = (0..<shape.columns).map { exp(Double(sums[row * shape.columns + $0]) + Double(bias[$0])) }
            let (sum, own) = (powers.reduce(0, +), isWeighted ? Double(importance[row]) : 1)
            expected.loss -= own * log(powers[Int(labels[row])] / sum)
            for (column, power) in powers.enumerated() {
                expected.probabilities.append(power / sum)
                expected.delta.append(0.5 * own * (power / sum - (column == Int(labels[row]) ? 1 : 0)))
            }
        }
        #expect(abs(total - expected.loss) < 1e-5 * max(1, expected.loss))
        expectClose(z, expected.probabilities)
        expectClose(delta, expected.delta)
        var other = sums
        #expect(kernel(&other, nil) == total)
    }

    // MARK: Optimizers and pictures

    @Test(arguments: shapes) func momentumAndUnitRows(shape: Shape) {
        let (w, g, v) = (
            numbers(shape.count, stream: 14), numbers(shape.count, stream: 15), numbers(shape.count, stream: 16)
        )
        var (weights, speed, rows) = (w, v, w)
        ce_momentum(&weights, g, &speed, shape.count, 0.1, 0.9, 0.01)
        let expected = w.indices.map { 0.9 * Double(v[$0]) + Double(g[$0]) }
        expectClose(speed, expected)
        expectClose(weights, w.indices.map { 0.99 * Double(w[$0]) - 0.1 * expected[$0] })

        ce_unit_rows(&rows, shape.rows, shape.columns)
        let lengths = (0..<shape.rows).map { row in
            w[row * shape.columns..<(row + 1) * shape.columns]
                .reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        }
        expectClose(rows, w.indices.map { w[$0] == 0 ? 0 : Double(w[$0]) / lengths[$0 / shape.columns] })
    }

    @Test(arguments: [(1, 1, 1, 1), (5, 7, 3, 1), (4, 6, 2, 2), (7, 3, 5, 3), (2, 9, 4, 2), (3, 2, 9, 1)], [1, 3, 17])
    func windowsAreAddedUp(shape: (height: Int, width: Int, kernel: Int, stride: Int), channels: Int) {
        let (height, width, kernel, stride) = shape
        let (rows, columns) = ((height + stride - 1) / stride, (width + stride - 1) / stride)
        let (images, before) = (2, (kernel - 1) / 2)
        let size = channels * kernel * kernel
        let apart = size + 5
        let windows = numbers(images * rows * columns * apart, stream: 17)
        var out = [Float](repeating: 9, count: images * height * width * channels)
        var expected = [Double](repeating: 0, count: out.count)
        for (index, value) in windows.enumerated() {
            let (place, inside) = (index / apart, index % apart)
            guard inside < size else { continue }
            let (channel, tap) = (inside / (kernel * kernel), inside % (kernel * kernel))
            let y = place / columns % rows * stride + tap / kernel - before
            let x = place % columns * stride + tap % kernel - before
            guard (0..<height).contains(y), (0..<width).contains(x) else { continue }
            expected[((place / (rows * columns) * height + y) * width + x) * channels + channel] += Double(value)
        }
        ce_add_windows(windows, apart, images, height, width, channels, kernel, stride, before, &out)
        expectClose(out, expected, within: 1e-5)
    }
}
