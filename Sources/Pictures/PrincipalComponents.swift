import TensorCore

/// The first two principal components of some rows: the directions along which they vary most (Hotelling, "Analysis of a
/// complex of statistical variables into principal components", 1933).
///
/// Rows are fewer than their numbers, so the eigenvectors are those of the rows' inner products, G = X Xᵀ with X centred,
/// instead of the covariance: scaled by the root of its eigenvalue, an eigenvector of G is what the rows have along the
/// component (Gower, "Some distance properties of latent root and vector methods", Biometrika 53, 1966). They are found
/// by orthogonal iteration (Golub and Van Loan, "Matrix Computations", 8.2) from a fixed start.
package struct PrincipalComponents: Hashable, Sendable {
    /// What each row has along the first component and along the second. The largest magnitude of each is positive.
    package private(set) var x: [Double]
    package private(set) var y: [Double]
    /// The shares of the variance along them, 0 ... 1.
    package private(set) var variance: [Double]

    private static let mostSteps = 200
    /// A step that turns neither vector further was the last.
    private static let precision = 1e-6
    /// Below this share of the variance there are only errors of rounding.
    private static let smallestShare = 1e-6

    /// - Parameters:
    ///   - rows: (count, any), row-major; numbers that are not finite count as zeros.
    ///   - count: at least 1.
    package init(_ rows: [Float], count: Int) {
        precondition(count > 0 && rows.count % count == 0, "\(rows.count) numbers are not \(count) rows")
        let scale = rows.reduce(0) { $1.isFinite ? max($0, $1.magnitude) : $0 }
        x = [Double](repeating: 0, count: count)
        (y, variance) = (x, [0, 0])
        guard scale > 0 else { return }
        let products = Self.innerProducts(rows, count: count, scale: scale)
        let total = (0..<count).reduce(0.0) { $0 + Double(products.pointer[$1 * count + $1]) }
        guard total > 0 else { return }
        let found = Self.eigenvectors(products, count: count, smallest: total * Self.smallestShare)
        variance = found.map { min(1, $0.value / total) }
        let scores = found.map { pair in
            let lowest = pair.vector.min() ?? 0
            let sign = -lowest > pair.vector.max() ?? 0 ? -1.0 : 1.0
            return pair.vector.map { $0 * sign * pair.value.squareRoot() * Double(scale) }
        }
        (x, y) = (scores[0], scores[1])
    }

    /// (count, count), of the centred rows divided by `scale`.
    private static func innerProducts(_ rows: [Float], count: Int, scale: Float) -> FloatBuffer {
        let size = rows.count / count
        let centred = FloatBuffer(rows)
        var means = [Double](repeating: 0, count: size)
        for place in rows.indices {
            let number = rows[place].isFinite ? rows[place] / scale : 0
            centred.pointer[place] = number
            means[place % size] += Double(number) / Double(count)
        }
        for place in rows.indices { centred.pointer[place] -= Float(means[place % size]) }
        let products = FloatBuffer(count: count * count)
        let matrix = MatrixView(centred.pointer, rows: count, columns: size)
        MatrixProduct.multiply(
            matrix, matrix.transposed, into: MatrixView(products.pointer, rows: count, columns: count))
        return products
    }

    /// The two largest eigenvalues and their eigenvectors, of length one or zero.
    private static func eigenvectors(
        _ matrix: FloatBuffer, count: Int, smallest: Double
    ) -> [(value: Double, vector: [Double])] {
        // Multiples of irrational roots without their whole parts: spread evenly, and the same everywhere.
        var vectors = [2.0, 3.0].map { number in
            (1...count).map { (Double($0) * number.squareRoot()).truncatingRemainder(dividingBy: 1) - 0.5 }
        }
        for index in 0..<2 { _ = normalize(&vectors[index], smallest: 0) }
        var values = [0.0, 0.0]
        for _ in 0..<mostSteps {
            let before = vectors
            vectors = vectors.map { product(matrix, $0) }
            values[0] = normalize(&vectors[0], smallest: smallest)
            let shared = dot(vectors[0], vectors[1])
            for place in 0..<count { vectors[1][place] -= shared * vectors[0][place] }
            values[1] = normalize(&vectors[1], smallest: smallest)
            let turned = zip(vectors, before).map { 1 - dot($0, $1).magnitude }.max() ?? 0
            if turned < precision * precision { break }
        }
        return zip(values, vectors).map { ($0, $1) }
    }

    /// - Returns: the length that `vector` had; one of at most `smallest` becomes zero.
    private static func normalize(_ vector: inout [Double], smallest: Double) -> Double {
        let length = dot(vector, vector).squareRoot()
        guard length > smallest else {
            vector = [Double](repeating: 0, count: vector.count)
            return 0
        }
        for place in vector.indices { vector[place] /= length }
        return length
    }

    private static func dot(_ a: [Double], _ b: [Double]) -> Double {
        var sum = 0.0
        for place in a.indices { sum += a[place] * b[place] }
        return sum
    }

    /// The symmetric matrix times a vector.
    private static func product(_ matrix: FloatBuffer, _ vector: [Double]) -> [Double] {
        let count = vector.count
        return [Double](unsafeUninitializedCapacity: count) { out, filled in
            out.initialize(repeating: 0)
            for row in 0..<count {
                let (factor, numbers) = (vector[row], matrix.pointer + row * count)
                for column in 0..<count { out[column] += factor * Double(numbers[column]) }
            }
            filled = count
        }
    }
}
