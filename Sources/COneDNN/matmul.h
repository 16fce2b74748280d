#pragma once
#include <dnnl.h>

// A product of two bfloat16 matrices into a float32 one, prepared for one shape. Versions 2 and 3 of oneDNN describe
// matrices and primitives by different calls; all that differs is here.

typedef struct {
    dnnl_primitive_t primitive;
    dnnl_memory_t source, weights, out;
} cairn_matmul;

typedef struct {
    dnnl_dim_t rows, columns, rowStride, columnStride;
} cairn_matrix;

static inline void cairn_matmul_destroy(cairn_matmul *product) {
    dnnl_primitive_destroy(product->primitive);
    dnnl_memory_destroy(product->source);
    dnnl_memory_destroy(product->weights);
    dnnl_memory_destroy(product->out);
}

#if DNNL_VERSION_MAJOR >= 3
static inline dnnl_status_t cairn_matrix_describe(dnnl_memory_desc_t *description, const cairn_matrix *matrix,
                                                  dnnl_data_type_t type) {
    dnnl_dims_t sizes = {matrix->rows, matrix->columns}, strides = {matrix->rowStride, matrix->columnStride};
    return dnnl_memory_desc_create_with_strides(description, 2, sizes, type, strides);
}

static inline void cairn_matrix_forget(dnnl_memory_desc_t description) { dnnl_memory_desc_destroy(description); }

static inline dnnl_status_t cairn_matmul_describe(dnnl_primitive_desc_t *description, dnnl_engine_t engine,
                                                  dnnl_memory_desc_t source, dnnl_memory_desc_t weights,
                                                  dnnl_memory_desc_t out, dnnl_primitive_attr_t attributes) {
    return dnnl_matmul_primitive_desc_create(description, engine, source, weights, 0, out, attributes);
}

static inline dnnl_status_t cairn_memory_create(dnnl_memory_t *memory, dnnl_memory_desc_t description,
                                                dnnl_engine_t engine) {
    return dnnl_memory_create(memory, description, engine, DNNL_MEMORY_NONE);
}

static inline dnnl_status_t cairn_add_to_out(dnnl_post_ops_t operations) {
    return dnnl_post_ops_append_sum(operations, 1, 0, dnnl_data_type_undef);
}
#else
static inline dnnl_status_t cairn_matrix_describe(dnnl_memory_desc_t *description, const cairn_matrix *matrix,
                                                  dnnl_data_type_t type) {
    dnnl_dims_t sizes = {matrix->rows, matrix->columns}, strides = {matrix->rowStride, matrix->columnStride};
    return dnnl_memory_desc_init_by_strides(description, 2, sizes, type, strides);
}

static inline void cairn_matrix_forget(dnnl_memory_desc_t description) { (void)description; }

static inline dnnl_status_t cairn_matmul_describe(dnnl_primitive_desc_t *description, dnnl_engine_t engine,
                                                  dnnl_memory_desc_t source, dnnl_memory_desc_t weights,
                                                  dnnl_memory_desc_t out, dnnl_primitive_attr_t attributes) {
    dnnl_matmul_desc_t operation;
    dnnl_status_t status = dnnl_matmul_desc_init(&operation, &source, &weights, 0, &out);
    if (status != dnnl_success) return status;
    return dnnl_primitive_desc_create(description, &operation, attributes, engine, 0);
}

static inline dnnl_status_t cairn_memory_create(dnnl_memory_t *memory, dnnl_memory_desc_t description,
                                                dnnl_engine_t engine) {
    return dnnl_memory_create(memory, &description, engine, DNNL_MEMORY_NONE);
}

static inline dnnl_status_t cairn_add_to_out(dnnl_post_ops_t operations) {
    return dnnl_post_ops_append_sum(operations, 1);
}
#endif

// Fails where oneDNN has only its plain reference loop, which is slower than float32.
static inline dnnl_status_t cairn_matmul_choose(dnnl_primitive_desc_t *description, dnnl_engine_t engine,
                                                dnnl_memory_desc_t source, dnnl_memory_desc_t weights,
                                                dnnl_memory_desc_t out, int adding) {
    dnnl_primitive_attr_t attributes = 0;
    dnnl_post_ops_t operations = 0;
    dnnl_status_t status = dnnl_primitive_attr_create(&attributes);
    if (status == dnnl_success && adding) {
        status = dnnl_post_ops_create(&operations);
        if (status == dnnl_success) status = cairn_add_to_out(operations);
        if (status == dnnl_success) status = dnnl_primitive_attr_set_post_ops(attributes, operations);
        dnnl_post_ops_destroy(operations);
    }
    if (status == dnnl_success)
        status = cairn_matmul_describe(description, engine, source, weights, out, attributes);
    dnnl_primitive_attr_destroy(attributes);
    if (status != dnnl_success) return status;
    const char *kernel = "";
    dnnl_primitive_desc_query(*description, dnnl_query_impl_info_str, 0, &kernel);
    if (kernel[0] != 'r' || kernel[1] != 'e' || kernel[2] != 'f') return dnnl_success;
    dnnl_primitive_desc_destroy(*description);
    return dnnl_unimplemented;
}

// out (+)= source weights. After any answer but dnnl_success there is nothing to destroy.
static inline dnnl_status_t cairn_matmul_create(cairn_matmul *product, dnnl_engine_t engine, cairn_matrix source,
                                                cairn_matrix weights, cairn_matrix out, int adding) {
    dnnl_memory_desc_t from, by, to;
    dnnl_status_t status = cairn_matrix_describe(&from, &source, dnnl_bf16);
    if (status != dnnl_success) return status;
    status = cairn_matrix_describe(&by, &weights, dnnl_bf16);
    if (status == dnnl_success) {
        status = cairn_matrix_describe(&to, &out, dnnl_f32);
        if (status == dnnl_success) {
            dnnl_primitive_desc_t description = 0;
            cairn_matmul made = {0, 0, 0, 0};
            status = cairn_matmul_choose(&description, engine, from, by, to, adding);
            if (status == dnnl_success) {
                status = dnnl_primitive_create(&made.primitive, description);
                dnnl_primitive_desc_destroy(description);
            }
            if (status == dnnl_success) status = cairn_memory_create(&made.source, from, engine);
            if (status == dnnl_success) status = cairn_memory_create(&made.weights, by, engine);
            if (status == dnnl_success) status = cairn_memory_create(&made.out, to, engine);
            if (status == dnnl_success) *product = made;
            else cairn_matmul_destroy(&made);
            cairn_matrix_forget(to);
        }
        cairn_matrix_forget(by);
    }
    cairn_matrix_forget(from);
    return status;
}

static inline dnnl_status_t cairn_matmul_run(const cairn_matmul *product, dnnl_stream_t stream, void *source,
                                             void *weights, void *out) {
    dnnl_status_t status = dnnl_memory_set_data_handle(product->source, source);
    if (status == dnnl_success) status = dnnl_memory_set_data_handle(product->weights, weights);
    if (status == dnnl_success) status = dnnl_memory_set_data_handle(product->out, out);
    if (status != dnnl_success) return status;
    dnnl_exec_arg_t arguments[3] = {
        {DNNL_ARG_SRC, product->source}, {DNNL_ARG_WEIGHTS, product->weights}, {DNNL_ARG_DST, product->out}};
    status = dnnl_primitive_execute(product->primitive, stream, 3, arguments);
    return status == dnnl_success ? dnnl_stream_wait(stream) : status;
}
