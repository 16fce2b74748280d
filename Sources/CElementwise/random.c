#include "internal.h"

// Sixteen Philox4x32-10 blocks at once, so that the compiler can use vectors. words[w][b] is word w of block first + b.
CE_INLINE void ce_philox(uint64_t key, uint64_t stream, uint64_t first, uint32_t words[4][CE_LANES]) {
    uint32_t c0[CE_LANES], c1[CE_LANES], c2[CE_LANES], c3[CE_LANES];
    for (int lane = 0; lane < CE_LANES; lane++) {
        uint64_t counter = first + (uint64_t)lane;
        c0[lane] = (uint32_t)counter;
        c1[lane] = (uint32_t)(counter >> 32);
        c2[lane] = (uint32_t)stream;
        c3[lane] = (uint32_t)(stream >> 32);
    }
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int round = 0; round < 10; round++) {
        for (int lane = 0; lane < CE_LANES; lane++) {
            uint64_t left = (uint64_t)c0[lane] * 0xD2511F53u;
            uint64_t right = (uint64_t)c2[lane] * 0xCD9E8D57u;
            c0[lane] = (uint32_t)(right >> 32) ^ c1[lane] ^ k0;
            c1[lane] = (uint32_t)right;
            c2[lane] = (uint32_t)(left >> 32) ^ c3[lane] ^ k1;
            c3[lane] = (uint32_t)left;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    memcpy(words[0], c0, sizeof c0);
    memcpy(words[1], c1, sizeof c1);
    memcpy(words[2], c2, sizeof c2);
    memcpy(words[3], c3, sizeof c3);
}

CE_INLINE float ce_unit(uint32_t bits) { return (float)(bits >> 8) * 0x1p-24f; }

CE_DISPATCH
void ce_drop(const float *x, size_t count, float p, float scale, uint64_t key, uint64_t stream, uint64_t first,
             float *out) {
    for (size_t start = 0; start < count; start += 4 * CE_LANES) {
        uint32_t words[4][CE_LANES];
        ce_philox(key, stream, first + start / 4, words);
        float factors[4 * CE_LANES];
        for (int block = 0; block < CE_LANES; block++)
            for (int word = 0; word < 4; word++)
                factors[4 * block + word] = ce_unit(words[word][block]) < p ? 0.0f : scale;
        size_t end = count - start < 4 * CE_LANES ? count - start : 4 * CE_LANES;
        for (size_t i = 0; i < end; i++) out[start + i] = x[start + i] * factors[i];
    }
}

CE_DISPATCH
void ce_salt_and_pepper(const float *x, size_t count, float p, uint64_t key, uint64_t stream, uint64_t first,
                        float *out) {
    float half = 0.5f * p;
    for (size_t start = 0; start < count; start += 4 * CE_LANES) {
        uint32_t words[4][CE_LANES];
        ce_philox(key, stream, first + start / 4, words);
        float units[4 * CE_LANES];
        for (int block = 0; block < CE_LANES; block++)
            for (int word = 0; word < 4; word++) units[4 * block + word] = ce_unit(words[word][block]);
        size_t end = count - start < 4 * CE_LANES ? count - start : 4 * CE_LANES;
        for (size_t i = 0; i < end; i++) {
            float replacement = units[i] < half ? 0.0f : 1.0f;
            out[start + i] = units[i] < p ? replacement : x[start + i];
        }
    }
}

// cos(2 pi t) and sin(2 pi t) for t in 0 ..< 1: the nearest quarter is taken off, then the Taylor series.
CE_INLINE void ce_turn(float t, float *cosine, float *sine) {
    float quarter = (t * 4.0f + 12582912.0f) - 12582912.0f;
    float a = (t * 4.0f - quarter) * 1.57079633f;
    float q = a * a;
    float s = a * (1.0f + q * (-1.0f / 6 + q * (1.0f / 120 + q * (-1.0f / 5040))));
    float c = 1.0f + q * (-0.5f + q * (1.0f / 24 + q * (-1.0f / 720 + q * (1.0f / 40320))));
    int32_t turn = (int32_t)quarter & 3;
    float swappedC = (turn & 1) ? s : c, swappedS = (turn & 1) ? c : s;
    *cosine = (turn == 1 || turn == 2) ? -swappedC : swappedC;
    *sine = (turn >= 2) ? -swappedS : swappedS;
}

CE_DISPATCH
void ce_add_noise(const float *x, size_t count, float deviation, uint64_t key, uint64_t stream, uint64_t first,
                  float *out) {
    for (size_t start = 0; start < count; start += 4 * CE_LANES) {
        uint32_t words[4][CE_LANES];
        ce_philox(key, stream, first + start / 4, words);
        float normals[4 * CE_LANES];
        for (int pair = 0; pair < 2; pair++)
            for (int block = 0; block < CE_LANES; block++) {
                float logarithm = -2.0f * ce_log(1.0f - ce_unit(words[2 * pair][block]));
                float radius = __builtin_sqrtf(logarithm > 0 ? logarithm : 0);
                float cosine, sine;
                ce_turn(ce_unit(words[2 * pair + 1][block]), &cosine, &sine);
                normals[4 * block + 2 * pair] = radius * cosine;
                normals[4 * block + 2 * pair + 1] = radius * sine;
            }
        size_t end = count - start < 4 * CE_LANES ? count - start : 4 * CE_LANES;
        for (size_t i = 0; i < end; i++) out[start + i] = x[start + i] + deviation * normals[i];
    }
}
