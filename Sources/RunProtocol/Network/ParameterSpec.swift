import RandomNumbers

/// One tensor of a network's weights.
///
/// Weights are kept flat: the tensors of a list one after the other, each row-major.
/// A dense layer is `y = x W + b` with W of shape (inputs, outputs).
package struct ParameterSpec: Codable, Hashable, Sendable {
    /// What it is to its node.
    package enum Role: String, Codable, Sendable { case weight, bias }

    /// How it is initialized.
    package enum Initializer: String, Codable, Sendable {
        /// Uniform in ±sqrt(6 / (fan in + fan out)) (Glorot and Bengio 2010): rows + columns of a matrix; of a
        /// convolution's (units, channels, kernel, kernel), (units + channels) x kernel x kernel.
        case glorot
        case zero
    }

    package var name: String
    package var shape: [Int]
    package var role: Role
    package var initializer: Initializer
    /// Every row of the tensor is kept at Euclidean length one.
    package var hasUnitRows: Bool
    /// Which stream of the seed its initial values are drawn from; nil: its place in the list.
    package var stream: UInt64?

    package init(
        name: String, shape: [Int], role: Role, initializer: Initializer, hasUnitRows: Bool = false,
        stream: UInt64? = nil
    ) {
        (self.name, self.shape, self.role, self.initializer) = (name, shape, role, initializer)
        (self.hasUnitRows, self.stream) = (hasUnitRows, stream)
    }

    /// A weight: Glorot's initializer.
    package static func weight(_ name: String, _ shape: [Int], hasUnitRows: Bool = false) -> ParameterSpec {
        ParameterSpec(name: name, shape: shape, role: .weight, initializer: .glorot, hasUnitRows: hasUnitRows)
    }

    /// A bias: zeros.
    package static func bias(_ name: String, _ count: Int) -> ParameterSpec {
        ParameterSpec(name: name, shape: [count], role: .bias, initializer: .zero)
    }

    /// Whether weight decay and limits to a unit's length act on it.
    package var decays: Bool { role == .weight }

    package var count: Int { shape.reduce(1, *) }
    /// How many numbers a row has: all dimensions but the first.
    package var rowLength: Int { shape.dropFirst().reduce(1, *) }
    fileprivate var fans: Int { shape.prefix(2).reduce(0, +) * shape.dropFirst(2).reduce(1, *) }
}

extension [ParameterSpec] {
    /// How many numbers all the tensors have together.
    package var elementCount: Int { reduce(0) { $0 + $1.count } }

    /// Weights to start training from, flat. Each tensor draws from its stream of the key `seed`, in row-major order;
    /// tensors with unit rows are scaled to them.
    /// - Parameter first: the tensors before it are left out.
    package func initialValues(seed: UInt64, from first: Int = 0) -> [Float] {
        var values: [Float] = []
        values.reserveCapacity(elementCount)
        for (index, parameter) in enumerated().dropFirst(first) {
            let start = values.count
            guard parameter.initializer == .glorot else {
                values.append(contentsOf: repeatElement(0, count: parameter.count))
                continue
            }
            var random = Philox(key: seed, stream: parameter.stream ?? UInt64(index))
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
