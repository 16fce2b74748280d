#include "internal.h"

CE_DISPATCH
void ce_bias_activation(float *y, const float *bias, size_t rows, size_t columns, ce_activation activation) {
#define BODY(kind)                                                                          \
    for (size_t row = 0; row < rows; row++)                                                 \
        for (size_t column = 0; column < columns; column++) {                               \
            float *place = y + row * columns + column;                                      \
            *place = ce_activate(*place + bias[column], kind);                              \
        }
    CE_FOR_EACH_ACTIVATION(activation, BODY)
#undef BODY
}

CE_DISPATCH
void ce_activation_backward(float *restrict gradient, const float *restrict y, size_t count, float l1,
                            ce_activation activation) {
#define BODY(kind)                                                                          \
    for (size_t i = 0; i < count; i++) {                                                    \
        float sign = (y[i] > 0 ? 1.0f : 0.0f) - (y[i] < 0 ? 1.0f : 0.0f);                   \
        gradient[i] = (gradient[i] + l1 * sign) * ce_slope(y[i], kind);                     \
    }
    CE_FOR_EACH_ACTIVATION(activation, BODY)
#undef BODY
}

CE_INLINE void ce_add_rows(const float *restrict delta, size_t rows, size_t columns, float *restrict sums) {
    for (size_t row = 0; row < rows; row++)
        for (size_t column = 0; column < columns; column++) sums[column] += delta[row * columns + column];
}

CE_DISPATCH
void ce_column_sums(const float *restrict delta, size_t rows, size_t columns, bool adding, float *restrict sums) {
    enum { WIDTH = 256 };
    if (!adding) memset(sums, 0, columns * sizeof *sums);
    if (columns > WIDTH / 2) {
        ce_add_rows(delta, rows, columns, sums);
        return;
    }
    // Short rows are taken many at a time: a sum would wait for the one of the row before.
    float wide[WIDTH] = {0};
    size_t together = WIDTH / columns, whole = rows / together;
    ce_add_rows(delta, whole, together * columns, wide);
    ce_add_rows(delta + whole * together * columns, rows % together, columns, sums);
    for (size_t row = 0; row < together; row++)
        for (size_t column = 0; column < columns; column++) sums[column] += wide[row * columns + column];
}

CE_DISPATCH
void ce_add(float *restrict out, const float *restrict x, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] += x[i];
}

CE_DISPATCH
void ce_scale(float *x, size_t count, float factor) {
    for (size_t i = 0; i < count; i++) x[i] *= factor;
}

CE_DISPATCH
double ce_sum_of_absolutes(const float *x, size_t count) {
    double lanes[CE_LANES] = {0};
    size_t i = 0;
    for (; i + CE_LANES <= count; i += CE_LANES)
        for (size_t lane = 0; lane < CE_LANES; lane++) lanes[lane] += (double)(x[i + lane] < 0 ? -x[i + lane] : x[i + lane]);
    for (; i < count; i++) lanes[i % CE_LANES] += (double)(x[i] < 0 ? -x[i] : x[i]);
    return ce_sum_of_lanes(lanes);
}

CE_DISPATCH
size_t ce_count_active(const float *restrict x, size_t rows, size_t columns, int32_t *restrict active) {
    size_t total = 0;
    for (size_t row = 0; row < rows; row++) {
        int32_t inRow = 0;
        for (size_t column = 0; column < columns; column++) {
            int32_t isActive = x[row * columns + column] != 0;
            active[column] += isActive;
            inRow += isActive;
        }
        total += (size_t)inRow;
    }
    return total;
}
