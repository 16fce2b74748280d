#include "internal.h"

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
