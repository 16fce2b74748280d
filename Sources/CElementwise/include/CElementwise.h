#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Element-wise kernels. Matrices are row-major. Every number depends on its inputs alone: no library function that picks
// another variant on another processor, no contracted multiply-adds, sums in a fixed number of lanes. So baseline, AVX2
// and AVX-512 give the same bits.

typedef enum { CE_RELU = 0, CE_SIGMOID = 1, CE_TANH = 2, CE_LINEAR = 3 } ce_activation;

// --- Batches

// out (rows, columns) = source[order[i]] / divisor
void ce_gather_u8(const uint8_t *source, const int32_t *order, size_t rows, size_t columns, float divisor, float *out);
void ce_gather_f32(const float *source, const int32_t *order, size_t rows, size_t columns, float divisor, float *out);
void ce_gather_bf16(const uint16_t *source, const int32_t *order, size_t rows, size_t columns, float divisor, float *out);

// --- Random numbers: element i uses word i mod 4 of Philox block first + i / 4 of the stream

// out = x, set to zero with probability p, the rest multiplied by scale
void ce_drop(const float *x, size_t count, float p, float scale, uint64_t key, uint64_t stream, uint64_t first, float *out);
// out = x + deviation * normal (Box and Muller 1958)
void ce_add_noise(const float *x, size_t count, float deviation, uint64_t key, uint64_t stream, uint64_t first, float *out);
// out = x, replaced with probability p: by 0 where the random number is below p / 2, else by 1
void ce_salt_and_pepper(const float *x, size_t count, float p, uint64_t key, uint64_t stream, uint64_t first, float *out);

// --- Layers

// y (rows, columns) = activation(y + bias)
void ce_bias_activation(float *y, const float *bias, size_t rows, size_t columns, ce_activation activation);
// gradient = (gradient + l1 * sign(y)) * activation'(at output y)
void ce_activation_backward(float *gradient, const float *y, size_t count, float l1, ce_activation activation);
// sums (columns) = the sums over the rows of delta (rows, columns), or += where adding
void ce_column_sums(const float *delta, size_t rows, size_t columns, bool adding, float *sums);
void ce_scale(float *x, size_t count, float factor);
// out += x
void ce_add(float *out, const float *x, size_t count);
double ce_sum_of_absolutes(const float *x, size_t count);
// active (columns) += how many rows are not zero; returns how many elements are not zero
size_t ce_count_active(const float *x, size_t rows, size_t columns, int32_t *active);

// --- Sparsity: of equal numbers the first are kept; what is not kept becomes 0

// x (rows, columns): the `keep` largest of each row; ranks has room for a row
void ce_keep_in_rows(float *x, size_t rows, size_t columns, size_t keep, uint32_t *ranks);
// x (rows, columns): the `keep` largest of each column, zeros not counted
void ce_keep_in_columns(float *x, size_t rows, size_t columns, size_t keep);
// x (samples, positions, channels): of each sample's channel the largest position, then of each channel the `keep` largest
// samples; winners has room for (samples, channels) where there are several positions
void ce_keep_winners(float *x, size_t samples, size_t positions, size_t channels, size_t keep, float *winners);
// gradient = 0 where x is 0
void ce_zero_where_zero(float *gradient, const float *x, size_t count);

// --- Pictures: x (images, height, width, channels); small ones have (height + window - 1) / window rows, and columns
// --- likewise: the last may be cut off.

// Moves one picture x (height, width, channels) down and to the right, by negative numbers up and to the left; what comes in
// at the border is zero.
void ce_shift(float *x, size_t height, size_t width, size_t channels, ptrdiff_t down, ptrdiff_t right);
// out (images, rows, columns, channels) = the largest of each window x window places, the first where several are;
// places: which one it was. window <= 16
void ce_max_pool(const float *x, size_t images, size_t height, size_t width, size_t channels, size_t window, float *out,
                 uint8_t *places);
// out (images, height, width, channels) = delta at the places that were the largest, else zero
void ce_max_pool_backward(const float *delta, const uint8_t *places, size_t images, size_t height, size_t width,
                          size_t channels, size_t window, float *out);
// out (images, height, width, channels) = the small picture x with each place repeated factor times both ways
void ce_upsample(const float *x, size_t images, size_t height, size_t width, size_t channels, size_t factor, float *out);
// out (images, rows, columns, channels) = the sums of delta over each factor x factor places
void ce_upsample_backward(const float *delta, size_t images, size_t height, size_t width, size_t channels, size_t factor,
                          float *out);

// out (images, height, width, channels) = the sums of windows (images, rows, columns) of (channels, kernel, kernel) each,
// which begin `apart` numbers from one another. Each is added at its place: stride places from one to the next, the first
// one `before` places outside. kernel <= 2^16
void ce_add_windows(const float *windows, size_t apart, size_t images, size_t height, size_t width, size_t channels,
                    size_t kernel, size_t stride, size_t before, float *out);

// --- Losses: z (rows, columns) are sums without bias; after it they are outputs y. They return the sum of the loss over
// --- all elements and write its gradient by the sums, times scale, into delta (which may be NULL).

double ce_squared_error(float *z, const float *bias, const float *target, size_t rows, size_t columns,
                        ce_activation activation, float scale, float *delta);
// sigmoid output, binary cross-entropy
double ce_binary_cross_entropy(float *z, const float *bias, const float *target, size_t rows, size_t columns, float scale,
                               float *delta);
// softmax cross-entropy, each row's times its importance (NULL for 1); z becomes probabilities
double ce_softmax_cross_entropy(float *z, const float *bias, const int32_t *labels, const float *importance, size_t rows,
                                size_t columns, float scale, float *delta);

// --- Optimizers

// m, v: moments; rate and epsilon have the bias correction in them; decay is taken off first, as a share of the weight
void ce_adam(float *w, const float *g, float *m, float *v, size_t count, float rate, float beta1, float beta2,
             float epsilon, float decay);
void ce_momentum(float *w, const float *g, float *v, size_t count, float rate, float momentum, float decay);
// Divides each row by its Euclidean length.
void ce_unit_rows(float *w, size_t rows, size_t columns);
// Scales each column that is longer than `limit` back to it; squares has room for a row.
void ce_limit_columns(float *w, size_t rows, size_t columns, float limit, double *squares);

// --- bfloat16: the upper half of a float32

// Rounded to the nearest, ties to even.
void ce_to_bf16(const float *x, size_t count, uint16_t *out);
void ce_from_bf16(const uint16_t *x, size_t count, float *out);

// --- Measuring

// Runs about `count` fused multiply-adds of the widest kind this processor has; returns how many floating-point
// operations it did.
double ce_fma_burst(size_t count, float *sink);
// The same with dot products of bfloat16 pairs, two multiply-adds each; 0 where this program has no such loop for this
// processor.
double ce_bf16_burst(size_t count, float *sink);
// Whether the processor multiplies bfloat16 numbers.
int ce_has_bf16(void);
// a = b + factor * c: reads two numbers and writes one for two operations, so memory sets its pace.
void ce_triad(float *a, const float *b, const float *c, float factor, size_t count);
// "avx512", "avx2", "sse2", "neon"
const char *ce_instruction_set(void);

// --- Cores

// Writes the numbers of the cores that the calling thread may use, rising and at most `limit`; returns how many.
size_t ce_allowed_cores(int32_t *cores, size_t limit);
// Keeps the calling thread on this core; returns whether it may have it.
int ce_stay_on_core(size_t core);
