#include "internal.h"
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

// Independent chains of vectors hide the latency of the fused multiply-add units: twelve registers of 16 or 8 numbers.
typedef float ce_vector __attribute__((vector_size(64)));

#define CE_BURST(name, CE_CHAINS, attributes)                                                          \
    attributes static void name(size_t rounds, float *sink) {                               \
        ce_vector chains[CE_CHAINS], factor, addend;                                        \
        for (int lane = 0; lane < 16; lane++) {                                             \
            factor[lane] = 0.999f;                                                          \
            addend[lane] = *sink + 0.001f;                                                  \
        }                                                                                   \
        for (int chain = 0; chain < CE_CHAINS; chain++) chains[chain] = addend * (float)chain; \
        for (size_t round = 0; round < rounds; round++) {                                   \
            _Pragma("clang fp contract(fast)")                                              \
            _Pragma("unroll")                                                               \
            for (int chain = 0; chain < CE_CHAINS; chain++) chains[chain] = chains[chain] * factor + addend; \
        }                                                                                   \
        ce_vector sum = chains[0];                                                          \
        for (int chain = 1; chain < CE_CHAINS; chain++) sum += chains[chain];               \
        *sink = sum[0];                                                                     \
    }

#if defined(__x86_64__)
CE_BURST(burst512, 12, __attribute__((target("avx512f,fma"))))
CE_BURST(burst256, 6, __attribute__((target("avx2,fma"))))
#endif
CE_BURST(burstBaseline, 3, )

double ce_fma_burst(size_t count, float *sink) {
    void (*burst)(size_t, float *) = burstBaseline;
    size_t chains = 3;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) {
        burst = burst512;
        chains = 12;
    } else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        burst = burst256;
        chains = 6;
    }
#endif
    size_t rounds = count / (chains * 16) + 1;
    burst(rounds, sink);
    return (double)(rounds * chains * 16) * 2;
}

int ce_has_bf16(void) {
#if defined(__x86_64__)
    // Every processor with AMX's bfloat16 tiles has these instructions too.
    return __builtin_cpu_supports("avx512bf16") != 0;
#elif defined(__aarch64__) && defined(__linux__)
    return (getauxval(AT_HWCAP2) >> 14 & 1) != 0;
#else
    return 0;
#endif
}

#if defined(__x86_64__)
enum { CE_DOT_CHAINS = 12, CE_DOT_OPERATIONS = 64 };

// Zeros would do as well: the time does not depend on the numbers.
__attribute__((target("avx512f,avx512bf16"))) static void dotBurst(size_t rounds, float *sink) {
    __m512 chains[CE_DOT_CHAINS];
    for (int chain = 0; chain < CE_DOT_CHAINS; chain++) chains[chain] = _mm512_set1_ps(*sink * (float)chain);
    __m512bh left = _mm512_cvtne2ps_pbh(chains[1], chains[2]), right = _mm512_cvtne2ps_pbh(chains[3], chains[4]);
    for (size_t round = 0; round < rounds; round++) {
        _Pragma("unroll")
        for (int chain = 0; chain < CE_DOT_CHAINS; chain++) chains[chain] = _mm512_dpbf16_ps(chains[chain], left, right);
    }
    __m512 sum = chains[0];
    for (int chain = 1; chain < CE_DOT_CHAINS; chain++) sum = _mm512_add_ps(sum, chains[chain]);
    *sink = _mm512_cvtss_f32(sum);
}
#endif

double ce_bf16_burst(size_t count, float *sink) {
#if defined(__x86_64__)
    if (ce_has_bf16()) {
        size_t rounds = count / (CE_DOT_CHAINS * CE_DOT_OPERATIONS / 2) + 1;
        dotBurst(rounds, sink);
        return (double)(rounds * CE_DOT_CHAINS * CE_DOT_OPERATIONS);
    }
#endif
    return 0;
}

CE_DISPATCH
void ce_triad(float *restrict a, const float *restrict b, const float *restrict c, float factor, size_t count) {
    for (size_t i = 0; i < count; i++) a[i] = b[i] + factor * c[i];
}

const char *ce_instruction_set(void) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) return "avx512";
    return __builtin_cpu_supports("avx2") ? "avx2" : "sse2";
#elif defined(__aarch64__)
    return "neon";
#else
    return "generic";
#endif
}
