import COneDNN

/// oneDNN 2's descriptors of a convolution and its derivatives: the only code that knows them.
struct ConvolutionLayouts {
    enum Operand { case source, weight, output }

    private let shape: ConvolutionShape
    private let dimensions: [Operand: [dnnl_dim_t]]

    init(_ shape: ConvolutionShape, count: Int) {
        self.shape = shape
        func sizes(_ values: Int...) -> [dnnl_dim_t] { values.map { dnnl_dim_t($0) } }
        dimensions = [
            .source: sizes(count, shape.inputChannels, shape.inputHeight, shape.inputWidth),
            .weight: sizes(shape.outputChannels, shape.inputChannels, shape.kernel, shape.kernel),
            .output: sizes(count, shape.outputChannels, shape.outputHeight, shape.outputWidth),
        ]
    }

    /// How the operand lies in our memory.
    func ours(_ operand: Operand) -> dnnl_memory_desc_t {
        switch operand {
        case .source, .output: description(operand, dnnl_nhwc)
        case .weight: description(operand, shape.hasInputMajorWeight ? dnnl_iohw : dnnl_oihw)
        }
    }

    private func description(_ operand: Operand, _ tag: dnnl_format_tag_t) -> dnnl_memory_desc_t {
        var result = dnnl_memory_desc_t()
        check(dnnl_memory_desc_init_by_tag(&result, 4, dimensions[operand] ?? [], dnnl_f32, tag))
        return result
    }

    private var strides: [dnnl_dim_t] { [dnnl_dim_t(shape.stride), dnnl_dim_t(shape.stride)] }
    private var before: [dnnl_dim_t] { [dnnl_dim_t(shape.paddingBefore), dnnl_dim_t(shape.paddingBefore)] }
    private var after: [dnnl_dim_t] {
        [dnnl_dim_t(shape.paddingAfter(shape.inputHeight)), dnnl_dim_t(shape.paddingAfter(shape.inputWidth))]
    }

    func forward(_ engine: dnnl_engine_t) -> dnnl_primitive_desc_t {
        var (source, output) = (ours(.source), ours(.output))
        var weight = description(.weight, dnnl_format_tag_any)
        var operation = dnnl_convolution_desc_t()
        check(
            dnnl_convolution_forward_desc_init(
                &operation, dnnl_forward_training, dnnl_convolution_direct, &source, &weight, nil, &output, strides,
                before, after))
        return description(of: &operation, engine, hint: nil)
    }

    func inputGradient(_ engine: dnnl_engine_t, hint: dnnl_primitive_desc_t) -> dnnl_primitive_desc_t {
        var (source, output) = (ours(.source), ours(.output))
        var weight = description(.weight, dnnl_format_tag_any)
        var operation = dnnl_convolution_desc_t()
        check(
            dnnl_convolution_backward_data_desc_init(
                &operation, dnnl_convolution_direct, &source, &weight, &output, strides, before, after))
        return description(of: &operation, engine, hint: hint)
    }

    func weightGradient(_ engine: dnnl_engine_t, hint: dnnl_primitive_desc_t) -> dnnl_primitive_desc_t {
        var (source, output) = (ours(.source), ours(.output))
        var weight = description(.weight, dnnl_format_tag_any)
        var operation = dnnl_convolution_desc_t()
        check(
            dnnl_convolution_backward_weights_desc_init(
                &operation, dnnl_convolution_direct, &source, &weight, nil, &output, strides, before, after))
        return description(of: &operation, engine, hint: hint)
    }

    private func description(
        of operation: inout dnnl_convolution_desc_t, _ engine: dnnl_engine_t, hint: dnnl_primitive_desc_t?
    ) -> dnnl_primitive_desc_t {
        var result: dnnl_primitive_desc_t?
        check(dnnl_primitive_desc_create(&result, &operation, nil, engine, hint))
        guard let result else { preconditionFailure("oneDNN gave no convolution") }
        return result
    }
}

/// One operation of a convolution: two operands and its result in our layouts, brought into the library's where they
/// differ.
final class ConvolutionPass {
    /// An operand's place in the operation.
    struct Role {
        let argument: CInt
        let operand: ConvolutionLayouts.Operand
        let query: dnnl_query_t

        init(_ argument: CInt, _ operand: ConvolutionLayouts.Operand, _ query: dnnl_query_t) {
            (self.argument, self.operand, self.query) = (argument, operand, query)
        }
    }

    private let stream: ComputeStream
    private let primitive: ComputePrimitive
    private let first: ConvolutionOperand
    private let second: ConvolutionOperand
    private let result: ConvolutionOperand
    private let arguments: [dnnl_exec_arg_t]

    init(
        _ stream: ComputeStream, _ description: dnnl_primitive_desc_t, _ layouts: ConvolutionLayouts, _ first: Role,
        _ second: Role, result: Role
    ) {
        func operand(_ role: Role, isResult: Bool = false) -> ConvolutionOperand {
            guard let theirs = dnnl_primitive_desc_query_md(description, role.query, 0)
            else { preconditionFailure("oneDNN does not name a convolution's layout") }
            return ConvolutionOperand(
                stream, ours: layouts.ours(role.operand), theirs: theirs.pointee, isResult: isResult)
        }
        self.stream = stream
        primitive = ComputePrimitive(description)
        self.first = operand(first)
        self.second = operand(second)
        self.result = operand(result, isResult: true)
        arguments = [(first, self.first), (second, self.second), (result, self.result)].map {
            dnnl_exec_arg_t(arg: $0.0.argument, memory: $0.1.used.handle)
        }
    }

    func run(
        _ first: UnsafeMutablePointer<Float>, _ second: UnsafeMutablePointer<Float>,
        into result: UnsafeMutablePointer<Float>
    ) {
        self.first.take(first)
        self.second.take(second)
        self.result.take(result)
        primitive.execute(stream, arguments)
        self.result.giveBack()
    }
}

/// An operand in our memory, with a copy in the library's layout where that is another.
private final class ConvolutionOperand {
    private let stream: ComputeStream
    private let ours: ComputeMemory
    private let theirs: ComputeMemory?
    private let reorder: ComputePrimitive?
    private let arguments: [dnnl_exec_arg_t]
    private let isResult: Bool

    init(_ stream: ComputeStream, ours: dnnl_memory_desc_t, theirs: dnnl_memory_desc_t, isResult: Bool) {
        (self.stream, self.isResult) = (stream, isResult)
        self.ours = ComputeMemory(stream, ours, ownsMemory: false)
        var (left, right) = (ours, theirs)
        guard dnnl_memory_desc_equal(&left, &right) == 0 else {
            (self.theirs, reorder, arguments) = (nil, nil, [])
            return
        }
        let copy = ComputeMemory(stream, theirs, ownsMemory: true)
        let (from, to) = isResult ? (copy, self.ours) : (self.ours, copy)
        self.theirs = copy
        reorder = ComputePrimitive(reorderFrom: isResult ? theirs : ours, to: isResult ? ours : theirs, stream)
        arguments = [
            dnnl_exec_arg_t(arg: DNNL_ARG_FROM, memory: from.handle),
            dnnl_exec_arg_t(arg: DNNL_ARG_TO, memory: to.handle),
        ]
    }

    /// What the operation reads or writes.
    var used: ComputeMemory { theirs ?? ours }

    func take(_ pointer: UnsafeMutablePointer<Float>) {
        ours.point(to: pointer)
        if !isResult { reorder?.execute(stream, arguments) }
    }

    func giveBack() { if isResult { reorder?.execute(stream, arguments) } }
}
