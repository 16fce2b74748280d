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

    private let stream = ComputeStream()
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
        let product = PreparedProduct(stream, a, b, adding: adding)
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

/// A product that oneDNN has chosen a kernel for.
private final class PreparedProduct {
    private let stream: ComputeStream
    private let primitive: ComputePrimitive
    private let left: ComputeMemory
    private let right: ComputeMemory
    private let out: ComputeMemory
    private let arguments: [dnnl_exec_arg_t]

    /// Nil where oneDNN has no kernel.
    init?(_ stream: ComputeStream, _ a: Bfloat16View, _ b: Bfloat16View, adding: Bool) {
        let layouts = ProductLayouts(a, b)
        guard let description = layouts.product(stream.engine, adding: adding) else { return nil }
        self.stream = stream
        primitive = ComputePrimitive(description)
        dnnl_primitive_desc_destroy(description)
        left = ComputeMemory(stream, layouts.left, ownsMemory: false)
        right = ComputeMemory(stream, layouts.right, ownsMemory: false)
        out = ComputeMemory(stream, layouts.out, ownsMemory: false)
        arguments = [
            dnnl_exec_arg_t(arg: DNNL_ARG_SRC, memory: left.handle),
            dnnl_exec_arg_t(arg: DNNL_ARG_WEIGHTS, memory: right.handle),
            dnnl_exec_arg_t(arg: DNNL_ARG_DST, memory: out.handle),
        ]
    }

    func run(_ a: Bfloat16View, _ b: Bfloat16View, into result: MatrixView) {
        left.point(to: a.pointer)
        right.point(to: b.pointer)
        out.point(to: result.pointer)
        primitive.execute(stream, arguments)
    }
}

/// oneDNN 2's descriptors of a product of bfloat16 matrices into a float32 one: the only code that knows them.
private struct ProductLayouts {
    let left: dnnl_memory_desc_t
    let right: dnnl_memory_desc_t
    let out: dnnl_memory_desc_t

    init(_ a: Bfloat16View, _ b: Bfloat16View) {
        func layout(_ rows: Int, _ columns: Int, _ strides: (Int, Int), _ type: dnnl_data_type_t) -> dnnl_memory_desc_t
        {
            var result = dnnl_memory_desc_t()
            let sizes = [dnnl_dim_t(rows), dnnl_dim_t(columns)]
            check(
                dnnl_memory_desc_init_by_strides(
                    &result, 2, sizes, type, [dnnl_dim_t(strides.0), dnnl_dim_t(strides.1)]))
            return result
        }
        func layout(_ view: Bfloat16View) -> dnnl_memory_desc_t {
            layout(view.height, view.width, view.isTransposed ? (1, view.columns) : (view.columns, 1), dnnl_bf16)
        }
        left = layout(a)
        right = layout(b)
        out = layout(a.height, b.width, (b.width, 1), dnnl_f32)
    }

    /// - Returns: nil where oneDNN has no kernel but its plain reference loop, which is slower than float32.
    func product(_ engine: dnnl_engine_t, adding: Bool) -> dnnl_primitive_desc_t? {
        var attributes: dnnl_primitive_attr_t?
        check(dnnl_primitive_attr_create(&attributes))
        defer { dnnl_primitive_attr_destroy(attributes) }
        if adding {
            var operations: dnnl_post_ops_t?
            check(dnnl_post_ops_create(&operations))
            defer { dnnl_post_ops_destroy(operations) }
            check(dnnl_post_ops_append_sum(operations, 1))
            check(dnnl_primitive_attr_set_post_ops(attributes, operations))
        }
        var (left, right, out) = (left, right, out)
        var operation = dnnl_matmul_desc_t()
        check(dnnl_matmul_desc_init(&operation, &left, &right, nil, &out))
        var description: dnnl_primitive_desc_t?
        guard dnnl_primitive_desc_create(&description, &operation, attributes, engine, nil) == dnnl_success,
            let description
        else { return nil }
        var kernel: UnsafePointer<CChar>?
        _ = withUnsafeMutablePointer(to: &kernel) {
            dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, $0)
        }
        if let kernel, !String(cString: kernel).hasPrefix("ref") { return description }
        dnnl_primitive_desc_destroy(description)
        return nil
    }
}
