#pragma once
#include "CElementwise.h"
#include <string.h>

// One source, compiled for three instruction sets, chosen when the program is loaded.
#if defined(__x86_64__) && defined(__linux__)
#define CE_DISPATCH __attribute__((target_clones("default", "avx2", "arch=x86-64-v4")))
#else
#define CE_DISPATCH
#endif
#define CE_INLINE static inline __attribute__((always_inline))

CE_INLINE float ce_from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

CE_INLINE uint32_t ce_to_bits(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    return bits;
}

// e^x: x = n ln 2 + r with |r| <= ln 2 / 2, e^r by a polynomial of degree 6 (Taylor; error below 2 units in the last place).
// Arguments are held within -87 ... 88, where the result is a normal number.
CE_INLINE float ce_exp(float x) {
    x = x < -87.0f ? -87.0f : x;
    x = x > 88.0f ? 88.0f : x;
    // Adding and taking off 1.5 * 2^23 rounds to the nearest whole number.
    float n = (x * 1.44269504f + 12582912.0f) - 12582912.0f;
    float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    return p * ce_from_bits((uint32_t)((int32_t)n + 127) << 23);
}

// ln x for normal x > 0: x = 2^n m with m in sqrt(1/2) ... sqrt 2, ln m = 2 atanh((m - 1) / (m + 1)) by its series.
CE_INLINE float ce_log(float x) {
    uint32_t bits = ce_to_bits(x);
    int32_t n = (int32_t)((bits - 0x3f3504f3u) >> 23);
    n = bits < 0x3f3504f3u ? n - 512 : n;
    float m = ce_from_bits(bits - ((uint32_t)n << 23));
    float s = (m - 1.0f) / (m + 1.0f);
    float q = s * s;
    float p = 1.0f / 11;
    p = p * q + 1.0f / 9;
    p = p * q + 1.0f / 7;
    p = p * q + 1.0f / 5;
    p = p * q + 1.0f / 3;
    p = p * q + 1.0f;
    return 2.0f * s * p + (float)n * 0.693147181f;
}

CE_INLINE float ce_sigmoid(float x) { return 1.0f / (1.0f + ce_exp(-x)); }

CE_INLINE float ce_tanh(float x) {
    float e = ce_exp(-2.0f * x);
    return (1.0f - e) / (1.0f + e);
}

CE_INLINE float ce_activate(float x, ce_activation activation) {
    switch (activation) {
    case CE_RELU: return x > 0 ? x : 0;
    case CE_SIGMOID: return ce_sigmoid(x);
    case CE_TANH: return ce_tanh(x);
    default: return x;
    }
}

// The derivative where the activation's output is y.
CE_INLINE float ce_slope(float y, ce_activation activation) {
    switch (activation) {
    case CE_RELU: return y > 0 ? 1.0f : 0.0f;
    case CE_SIGMOID: return y * (1.0f - y);
    case CE_TANH: return 1.0f - y * y;
    default: return 1.0f;
    }
}

// Calls BODY(activation) with a constant, so that the loop inside has no branch.
#define CE_FOR_EACH_ACTIVATION(activation, BODY) \
    switch (activation) {                        \
    case CE_RELU: BODY(CE_RELU) break;           \
    case CE_SIGMOID: BODY(CE_SIGMOID) break;     \
    case CE_TANH: BODY(CE_TANH) break;           \
    default: BODY(CE_LINEAR) break;              \
    }

enum { CE_LANES = 16 };

CE_INLINE double ce_sum_of_lanes(const double *lanes) {
    double sum = 0;
    for (int lane = 0; lane < CE_LANES; lane++) sum += lanes[lane];
    return sum;
}
