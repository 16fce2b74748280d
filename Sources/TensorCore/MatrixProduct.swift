import COneDNN

/// A row-major matrix that lies in somebody else's memory, read as it is or transposed.
package struct DenseView<Element> {
    package let pointer: UnsafeMutablePointer<Element>
    /// As it lies in memory.
    package let rows: Int
    package let columns: Int
    package let isTransposed: Bool

    package init(_ pointer: UnsafeMutablePointer<Element>, rows: Int, columns: Int) {
        self.init(pointer, rows: rows, columns: columns, isTransposed: false)
    }

    private init(_ pointer: UnsafeMutablePointer<Element>, rows: Int, columns: Int, isTransposed: Bool) {
        (self.pointer, self.rows, self.columns, self.isTransposed) = (pointer, rows, columns, isTransposed)
    }

    /// The same memory, read with rows and columns exchanged.
    package var transposed: DenseView {
        DenseView(pointer, rows: rows, columns: columns, isTransposed: !isTransposed)
    }

    /// As it is read.
    var height: Int { isTransposed ? columns : rows }
    var width: Int { isTransposed ? rows : columns }
}

/// A matrix of float32 numbers.
package typealias MatrixView = DenseView<Float>

/// A matrix of bfloat16 numbers, as their bits.
package typealias Bfloat16View = DenseView<UInt16>

/// Matrix products on oneDNN.
package enum MatrixProduct {
    /// out (M, N) = a (M, K) b (K, N), or out += a b.
    package static func multiply(_ a: MatrixView, _ b: MatrixView, into out: MatrixView, adding: Bool = false) {
        precondition(!out.isTransposed && a.width == b.height && out.rows == a.height && out.columns == b.width)
        let status = dnnl_sgemm(
            letter(a), letter(b), dnnl_dim_t(out.rows), dnnl_dim_t(out.columns), dnnl_dim_t(a.width), 1, a.pointer,
            dnnl_dim_t(a.columns), b.pointer, dnnl_dim_t(b.columns), adding ? 1 : 0, out.pointer,
            dnnl_dim_t(out.columns))
        precondition(status == dnnl_success, "oneDNN refused a matrix product: status \(status.rawValue)")
    }

    private static func letter(_ matrix: MatrixView) -> CChar {
        CChar(UInt8(ascii: matrix.isTransposed ? "T" : "N"))
    }
}
