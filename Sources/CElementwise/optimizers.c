#include "internal.h"

CE_DISPATCH
void ce_adam(float *restrict w, const float *restrict g, float *restrict m, float *restrict v, size_t count, float rate,
             float beta1, float beta2, float epsilon, float decay) {
    float keep = 1.0f - decay, take1 = 1.0f - beta1, take2 = 1.0f - beta2;
    for (size_t i = 0; i < count; i++) {
        m[i] = beta1 * m[i] + take1 * g[i];
        v[i] = beta2 * v[i] + take2 * g[i] * g[i];
        w[i] = w[i] * keep - rate * m[i] / (__builtin_sqrtf(v[i]) + epsilon);
    }
}

CE_DISPATCH
void ce_momentum(float *restrict w, const float *restrict g, float *restrict v, size_t count, float rate, float momentum,
                 float decay) {
    float keep = 1.0f - decay;
    for (size_t i = 0; i < count; i++) {
        v[i] = momentum * v[i] + g[i];
        w[i] = w[i] * keep - rate * v[i];
    }
}

CE_DISPATCH
void ce_unit_rows(float *w, size_t rows, size_t columns) {
    for (size_t row = 0; row < rows; row++) {
        float *values = w + row * columns;
        float lanes[CE_LANES] = {0};
        size_t i = 0;
        for (; i + CE_LANES <= columns; i += CE_LANES)
            for (size_t lane = 0; lane < CE_LANES; lane++) lanes[lane] += values[i + lane] * values[i + lane];
        for (; i < columns; i++) lanes[i % CE_LANES] += values[i] * values[i];
        double squares = 0;
        for (int lane = 0; lane < CE_LANES; lane++) squares += (double)lanes[lane];
        if (!(squares > 0)) continue;
        float length = (float)__builtin_sqrt(squares);
        for (size_t j = 0; j < columns; j++) values[j] /= length;
    }
}

CE_DISPATCH
void ce_limit_columns(float *restrict w, size_t rows, size_t columns, float limit, double *restrict squares) {
    memset(squares, 0, columns * sizeof *squares);
    for (size_t row = 0; row < rows; row++)
        for (size_t column = 0; column < columns; column++) {
            double value = (double)w[row * columns + column];
            squares[column] += value * value;
        }
    for (size_t column = 0; column < columns; column++) {
        double length = __builtin_sqrt(squares[column]);
        squares[column] = length > (double)limit ? (double)limit / length : 1.0;
    }
    for (size_t row = 0; row < rows; row++)
        for (size_t column = 0; column < columns; column++) {
            float *place = w + row * columns + column;
            *place = (float)((double)*place * squares[column]);
        }
}
