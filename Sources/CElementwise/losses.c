#include "internal.h"

// Adds `value` to the lane of `column`: every row uses the same lanes, so the sum's order is fixed.
#define CE_ROWS_WITH_LANES(STATEMENT)                                                       \
    double lanes[CE_LANES] = {0};                                                           \
    for (size_t row = 0; row < rows; row++) {                                               \
        float *y = z + row * columns;                                                       \
        const float *x = target + row * columns;                                            \
        float *d = delta ? delta + row * columns : 0;                                       \
        size_t column = 0;                                                                  \
        for (; column + CE_LANES <= columns; column += CE_LANES) {                          \
            float loss[CE_LANES];                                                           \
            for (size_t lane = 0; lane < CE_LANES; lane++) STATEMENT(column + lane, lane)   \
            for (size_t lane = 0; lane < CE_LANES; lane++) lanes[lane] += (double)loss[lane]; \
        }                                                                                   \
        for (; column < columns; column++) {                                                \
            float loss[1];                                                                  \
            STATEMENT(column, 0)                                                            \
            lanes[column % CE_LANES] += (double)loss[0];                                    \
        }                                                                                   \
    }                                                                                       \
    return ce_sum_of_lanes(lanes);

#define CE_SQUARED(kind, i, lane)                                                           \
    {                                                                                       \
        float out = ce_activate(y[i] + bias[i], kind);                                      \
        float difference = out - x[i];                                                      \
        y[i] = out;                                                                         \
        loss[lane] = difference * difference;                                               \
        if (d) d[i] = scale * 2.0f * difference * ce_slope(out, kind);                      \
    }

#define CE_SQUARED_FUNCTION(name, kind)                                                     \
    CE_DISPATCH                                                                             \
    static double name(float *restrict z, const float *restrict bias, const float *restrict target, size_t rows, \
                       size_t columns, float scale, float *restrict delta) {                \
        CE_ROWS_WITH_LANES(name##_element)                                                  \
    }

#define squared_relu_element(i, lane) CE_SQUARED(CE_RELU, i, lane)
#define squared_sigmoid_element(i, lane) CE_SQUARED(CE_SIGMOID, i, lane)
#define squared_tanh_element(i, lane) CE_SQUARED(CE_TANH, i, lane)
#define squared_linear_element(i, lane) CE_SQUARED(CE_LINEAR, i, lane)
CE_SQUARED_FUNCTION(squared_relu, CE_RELU)
CE_SQUARED_FUNCTION(squared_sigmoid, CE_SIGMOID)
CE_SQUARED_FUNCTION(squared_tanh, CE_TANH)
CE_SQUARED_FUNCTION(squared_linear, CE_LINEAR)

double ce_squared_error(float *z, const float *bias, const float *target, size_t rows, size_t columns,
                        ce_activation activation, float scale, float *delta) {
    switch (activation) {
    case CE_RELU: return squared_relu(z, bias, target, rows, columns, scale, delta);
    case CE_SIGMOID: return squared_sigmoid(z, bias, target, rows, columns, scale, delta);
    case CE_TANH: return squared_tanh(z, bias, target, rows, columns, scale, delta);
    default: return squared_linear(z, bias, target, rows, columns, scale, delta);
    }
}

// The loss from the sum s, without overflow: max(s, 0) - s x + ln(1 + e^-|s|).
#define cross_entropy_element(i, lane)                                                      \
    {                                                                                       \
        float s = y[i] + bias[i];                                                           \
        float e = ce_exp(s < 0 ? s : -s);                                                   \
        float out = (s < 0 ? e : 1.0f) / (1.0f + e);                                        \
        loss[lane] = (s > 0 ? s : 0.0f) - s * x[i] + ce_log(1.0f + e);                      \
        y[i] = out;                                                                         \
        if (d) d[i] = scale * (out - x[i]);                                                 \
    }

CE_DISPATCH
double ce_binary_cross_entropy(float *restrict z, const float *restrict bias, const float *restrict target, size_t rows,
                               size_t columns, float scale, float *restrict delta) {
    CE_ROWS_WITH_LANES(cross_entropy_element)
}

double ce_softmax_cross_entropy(float *z, const float *bias, const int32_t *labels, const float *importance,
                                size_t rows, size_t columns, float scale, float *delta) {
    double total = 0;
    for (size_t row = 0; row < rows; row++) {
        float *y = z + row * columns;
        float largest = -3.4e38f;
        for (size_t column = 0; column < columns; column++) {
            y[column] += bias[column];
            largest = y[column] > largest ? y[column] : largest;
        }
        float sum = 0;
        for (size_t column = 0; column < columns; column++) {
            y[column] = ce_exp(y[column] - largest);
            sum += y[column];
        }
        float own = importance ? importance[row] : 1.0f;
        for (size_t column = 0; column < columns; column++) {
            y[column] /= sum;
            float wanted = (int32_t)column == labels[row] ? 1.0f : 0.0f;
            if (delta) delta[row * columns + column] = scale * own * (y[column] - wanted);
        }
        float probability = y[labels[row]];
        total -= (double)own * (double)ce_log(probability < 1.2e-38f ? 1.2e-38f : probability);
    }
    return total;
}
