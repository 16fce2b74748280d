import CElementwise
import COneDNN

/// Products of bfloat16 matrices, added up in float32.
///
/// It keeps what oneDNN has prepared for each shape, so it is made once and used often, on one thread: that which made it,
/// after `Engine.useOneThread()`.
///
/// Where oneDNN has no kernels for bfloat16 on this processor, the numbers are widened and multiplied as float32: the same
/// but for the order of the sums.
package final class Bfloat16Product {
    /// What a prepared product is for.
    private struct Shape: Hashable {
        let rows: Int
        let inner: Int
        let columns: Int
        let isLeftTransposed: Bool
        let isRightTransposed: Bool
        let isAdding: Bool
    }

    /// More shapes than any training has; beyond them all are prepared anew.
    private static let shapeLimit = 256

    private let engine = MatmulEngine()
    private var prepared: [Shape: PreparedProduct?] = [:]
    private var left = FloatBuffer(count: 0)
    private var right = FloatBuffer(count: 0)

    package init() {}

    /// out (M, N) = a (M, K) b (K, N), or out += a b.
    package func multiply(_ a: Bfloat16View, _ b: Bfloat16View, into out: MatrixView, adding: Bool = false) {
        precondition(!out.isTransposed && a.width == b.height && out.rows == a.height && out.columns == b.width)
        if let product = product(a, b, adding: adding) {
            product.run(a, b, into: out)
        } else {
            multiplyWidened(a, b, into: out, adding: adding)
        }
    }

    /// Whether oneDNN has kernels for such a product on this processor.
    package func isNative(_ a: Bfloat16View, _ b: Bfloat16View, adding: Bool = false) -> Bool {
        product(a, b, adding: adding) != nil
    }

    private func product(_ a: Bfloat16View, _ b: Bfloat16View, adding: Bool) -> PreparedProduct? {
        let shape = Shape(
            rows: a.height, inner: a.width, columns: b.width, isLeftTransposed: a.isTransposed,
            isRightTransposed: b.isTransposed, isAdding: adding)
        if let known = prepared[shape] { return known }
        if prepared.count >= Self.shapeLimit { prepared = [:] }
        let product = engine.flatMap { PreparedProduct($0, a, b, adding: adding) }
        prepared[shape] = .some(product)
        return product
    }

    private func multiplyWidened(_ a: Bfloat16View, _ b: Bfloat16View, into out: MatrixView, adding: Bool) {
        MatrixProduct.multiply(Self.widen(a, into: &left), Self.widen(b, into: &right), into: out, adding: adding)
    }

    /// A view like `matrix` of its numbers as float32 in `buffer`, which grows where it must.
    private static func widen(_ matrix: Bfloat16View, into buffer: inout FloatBuffer) -> MatrixView {
        let count = matrix.rows * matrix.columns
        if buffer.count < count { buffer = FloatBuffer(count: count) }
        ce_from_bf16(matrix.pointer, count, buffer.pointer)
        let view = MatrixView(buffer.pointer, rows: matrix.rows, columns: matrix.columns)
        return matrix.isTransposed ? view.transposed : view
    }
}

/// oneDNN's engine for processors, and a queue of work on it.
private final class MatmulEngine {
    let engine: dnnl_engine_t
    let stream: dnnl_stream_t

    /// Nil where oneDNN offers none.
    init?() {
        var (engine, stream): (dnnl_engine_t?, dnnl_stream_t?) = (nil, nil)
        guard dnnl_engine_create(&engine, dnnl_cpu, 0) == dnnl_success, let engine else { return nil }
        guard dnnl_stream_create(&stream, engine, dnnl_stream_default_flags.rawValue) == dnnl_success, let stream else {
            dnnl_engine_destroy(engine)
            return nil
        }
        self.engine = engine
        self.stream = stream
    }

    deinit {
        dnnl_stream_destroy(stream)
        dnnl_engine_destroy(engine)
    }
}

/// A product that oneDNN has chosen a kernel for.
private final class PreparedProduct {
    private let engine: MatmulEngine
    private var product: cairn_matmul

    /// Nil where oneDNN has no kernel.
    init?(_ engine: MatmulEngine, _ a: Bfloat16View, _ b: Bfloat16View, adding: Bool) {
        var product = cairn_matmul()
        let out = cairn_matrix(
            rows: dnnl_dim_t(a.height), columns: dnnl_dim_t(b.width), rowStride: dnnl_dim_t(b.width), columnStride: 1)
        let status = cairn_matmul_create(
            &product, engine.engine, Self.describe(a), Self.describe(b), out, adding ? 1 : 0)
        guard status == dnnl_success else { return nil }
        self.engine = engine
        self.product = product
    }

    deinit {
        cairn_matmul_destroy(&product)
    }

    func run(_ a: Bfloat16View, _ b: Bfloat16View, into out: MatrixView) {
        let status = cairn_matmul_run(&product, engine.stream, a.pointer, b.pointer, out.pointer)
        precondition(status == dnnl_success, "oneDNN refused a matrix product: status \(status.rawValue)")
    }

    private static func describe(_ matrix: Bfloat16View) -> cairn_matrix {
        let width = dnnl_dim_t(matrix.columns)
        return cairn_matrix(
            rows: dnnl_dim_t(matrix.height), columns: dnnl_dim_t(matrix.width),
            rowStride: matrix.isTransposed ? 1 : width, columnStride: matrix.isTransposed ? width : 1)
    }
}
