import RandomNumbers

/// One tensor of a network's weights.
///
/// Weights are kept flat: the tensors of a list one after the other, each row-major.
/// A dense layer is `y = x W + b` with W of shape (inputs, outputs).
package struct ParameterSpec: Codable, Hashable, Sendable {
    package enum Start: String, Codable, Sendable {
        /// Uniform in ±sqrt(6 / (fan in + fan out)) (Glorot and Bengio 2010): rows + columns of a matrix; of a
        /// convolution's (units, channels, kernel, kernel), (units + channels) x kernel x kernel.
        case glorot
        case zero
    }

    package var name: String
    package var shape: [Int]
    package var start: Start
    /// Every row of the tensor is kept at Euclidean length one.
    package var hasUnitRows: Bool

    package init(name: String, shape: [Int], start: Start, hasUnitRows: Bool = false) {
        self.name = name
        self.shape = shape
        self.start = start
        self.hasUnitRows = hasUnitRows
    }

    package var count: Int { shape.reduce(1, *) }
    /// How many numbers a row has: all dimensions but the first.
    package var rowLength: Int { shape.dropFirst().reduce(1, *) }
    fileprivate var fans: Int { shape.prefix(2).reduce(0, +) * shape.dropFirst(2).reduce(1, *) }
}

extension [ParameterSpec] {
    /// How many numbers all the tensors have together.
    package var elementCount: Int { reduce(0) { $0 + $1.count } }

    /// Weights to start training from, flat. Tensor `i` draws from stream `i` of the key `seed`, in row-major order;
    /// tensors with unit rows are scaled to them.
    package func initialValues(seed: UInt64) -> [Float] {
        var values: [Float] = []
        values.reserveCapacity(elementCount)
        for (index, parameter) in enumerated() {
            let start = values.count
            guard parameter.start == .glorot else {
                values.append(contentsOf: repeatElement(0, count: parameter.count))
                continue
            }
            var random = Philox(key: seed, stream: UInt64(index))
            let limit = (6 / Float(parameter.fans)).squareRoot()
            for _ in 0..<parameter.count { values.append((random.nextUnit() * 2 - 1) * limit) }
            guard parameter.hasUnitRows else { continue }
            values.withUnsafeMutableBufferPointer {
                UnitRows.project(UnsafeMutableBufferPointer(rebasing: $0[start...]), columns: parameter.rowLength)
            }
        }
        return values
    }
}

/// The projection that keeps a decoder's atoms (rows of its weight: what one code unit adds to the output) at length one.
package enum UnitRows {
    /// Divides each row of `values`, a row-major matrix with `columns` columns, by its Euclidean length.
    ///
    /// Squares are summed in `Double` from left to right; a row of zeros stays as it is.
    package static func project(_ values: inout [Float], columns: Int) {
        values.withUnsafeMutableBufferPointer { project($0, columns: columns) }
    }

    /// The same in place on a part of a larger buffer.
    package static func project(_ values: UnsafeMutableBufferPointer<Float>, columns: Int) {
        for row in stride(from: 0, to: values.count, by: columns) {
            let squares = (row..<row + columns).reduce(0.0) { $0 + Double(values[$1]) * Double(values[$1]) }
            guard squares > 0 else { continue }
            let length = Float(squares.squareRoot())
            for index in row..<row + columns { values[index] /= length }
        }
    }
}
