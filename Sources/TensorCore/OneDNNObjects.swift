import COneDNN

/// oneDNN's C handles with one owner each. All belong to the thread that made them.
func check(_ status: dnnl_status_t) {
    precondition(status == dnnl_success, "oneDNN refused an operation: status \(status.rawValue)")
}

/// The processor as an engine, and the order in which work is done on it.
final class ComputeStream {
    let engine: dnnl_engine_t
    let handle: dnnl_stream_t

    init() {
        var engine: dnnl_engine_t?
        check(dnnl_engine_create(&engine, dnnl_cpu, 0))
        var stream: dnnl_stream_t?
        check(dnnl_stream_create(&stream, engine, CUnsignedInt(dnnl_stream_default_flags.rawValue)))
        guard let engine, let stream else { preconditionFailure("oneDNN has no engine for this processor") }
        self.engine = engine
        handle = stream
    }

    deinit {
        dnnl_stream_destroy(handle)
        dnnl_engine_destroy(engine)
    }
}

/// A tensor's layout with memory: its own, or somebody else's that is named before each use.
final class ComputeMemory {
    let handle: dnnl_memory_t
    /// Keeps the engine.
    private let stream: ComputeStream

    init(_ stream: ComputeStream, _ description: dnnl_memory_desc_t, ownsMemory: Bool) {
        self.stream = stream
        var description = description
        var memory: dnnl_memory_t?
        // oneDNN's DNNL_MEMORY_ALLOCATE and DNNL_MEMORY_NONE.
        let place = ownsMemory ? UnsafeMutableRawPointer(bitPattern: -1) : nil
        check(dnnl_memory_create(&memory, &description, stream.engine, place))
        guard let memory else { preconditionFailure("oneDNN gave no memory") }
        handle = memory
    }

    func point(to pointer: UnsafeMutableRawPointer) { check(dnnl_memory_set_data_handle(handle, pointer)) }

    deinit { dnnl_memory_destroy(handle) }
}

/// An operation that is ready to run.
final class ComputePrimitive {
    private let handle: dnnl_primitive_t

    init(_ description: dnnl_primitive_desc_t) {
        var primitive: dnnl_primitive_t?
        check(dnnl_primitive_create(&primitive, description))
        guard let primitive else { preconditionFailure("oneDNN gave no primitive") }
        handle = primitive
    }

    /// Copies a tensor from one layout into another.
    convenience init(reorderFrom from: dnnl_memory_desc_t, to: dnnl_memory_desc_t, _ stream: ComputeStream) {
        var (from, to) = (from, to)
        var description: dnnl_primitive_desc_t?
        check(dnnl_reorder_primitive_desc_create(&description, &from, stream.engine, &to, stream.engine, nil))
        guard let description else { preconditionFailure("oneDNN gave no reorder") }
        self.init(description)
        dnnl_primitive_desc_destroy(description)
    }

    func execute(_ stream: ComputeStream, _ arguments: [dnnl_exec_arg_t]) {
        check(dnnl_primitive_execute(handle, stream.handle, CInt(arguments.count), arguments))
    }

    deinit { dnnl_primitive_destroy(handle) }
}
