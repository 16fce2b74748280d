#include "internal.h"

// The upper half of a float32, rounded to the nearest, ties to even. A NaN stays one: its lower half alone may say so.
CE_DISPATCH
void ce_to_bf16(const float *restrict x, size_t count, uint16_t *restrict out) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = ce_to_bits(x[i]);
        uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1)) >> 16;
        uint32_t quiet = (bits >> 16) | 0x40u;
        out[i] = (uint16_t)((bits & 0x7fffffffu) > 0x7f800000u ? quiet : rounded);
    }
}

CE_DISPATCH
void ce_from_bf16(const uint16_t *restrict x, size_t count, float *restrict out) {
    for (size_t i = 0; i < count; i++) out[i] = ce_from_bits((uint32_t)x[i] << 16);
}
