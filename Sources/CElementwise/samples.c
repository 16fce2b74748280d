#include "internal.h"

CE_DISPATCH
void ce_gather_u8(const uint8_t *source, const int32_t *order, size_t rows, size_t columns, float divisor, float *out) {
    for (size_t row = 0; row < rows; row++) {
        const uint8_t *from = source + (size_t)order[row] * columns;
        float *to = out + row * columns;
        for (size_t column = 0; column < columns; column++) to[column] = (float)from[column] / divisor;
    }
}

CE_DISPATCH
void ce_gather_f32(const float *source, const int32_t *order, size_t rows, size_t columns, float divisor, float *out) {
    for (size_t row = 0; row < rows; row++) {
        const float *from = source + (size_t)order[row] * columns;
        float *to = out + row * columns;
        for (size_t column = 0; column < columns; column++) to[column] = from[column] / divisor;
    }
}

CE_DISPATCH
void ce_gather_bf16(const uint16_t *source, const int32_t *order, size_t rows, size_t columns, float divisor, float *out) {
    for (size_t row = 0; row < rows; row++) {
        const uint16_t *from = source + (size_t)order[row] * columns;
        float *to = out + row * columns;
        for (size_t column = 0; column < columns; column++)
            to[column] = ce_from_bits((uint32_t)from[column] << 16) / divisor;
    }
}
