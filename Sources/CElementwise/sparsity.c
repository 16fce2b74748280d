#include "internal.h"

// Numbers as whole numbers in the same order; a zero is below all others, since it stays what it is, kept or not.
CE_INLINE uint32_t ce_rank(float x) {
    uint32_t bits = ce_to_bits(x);
    uint32_t rank = (bits >> 31) ? ~bits : bits | 0x80000000u;
    return x == 0 ? 0 : rank;
}

// The largest threshold that `keep` or more of the ranks reach, bit by bit from the top; 0 where fewer are above 0.
CE_DISPATCH
static uint32_t ce_threshold(const uint32_t *ranks, size_t count, size_t keep) {
    uint32_t threshold = 0;
    for (uint32_t bit = 0x80000000u; bit != 0; bit >>= 1) {
        uint32_t candidate = threshold | bit, reached = 0;
        for (size_t i = 0; i < count; i++) reached += ranks[i] >= candidate;
        threshold = reached >= keep ? candidate : threshold;
    }
    return threshold;
}

// Of the numbers x[0], x[stride], ...: those above the threshold stay, and of those at it the first.
CE_INLINE void ce_keep_from(float *x, size_t count, size_t stride, uint32_t threshold, size_t keep) {
    size_t above = 0;
    for (size_t i = 0; i < count; i++) above += ce_rank(x[i * stride]) > threshold;
    size_t equals = keep > above ? keep - above : 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t rank = ce_rank(x[i * stride]);
        if (rank > threshold) continue;
        if (rank == threshold && equals > 0) equals--;
        else x[i * stride] = 0;
    }
}

CE_DISPATCH
void ce_keep_in_rows(float *x, size_t rows, size_t columns, size_t keep, uint32_t *ranks) {
    if (keep >= columns) return;
    for (size_t row = 0; row < rows; row++) {
        float *values = x + row * columns;
        for (size_t i = 0; i < columns; i++) ranks[i] = ce_rank(values[i]);
        ce_keep_from(values, columns, 1, ce_threshold(ranks, columns, keep), keep);
    }
}

CE_DISPATCH
void ce_keep_in_columns(float *x, size_t rows, size_t columns, size_t keep) {
    if (keep >= rows) return;
    for (size_t start = 0; start < columns; start += CE_LANES) {
        size_t width = columns - start < CE_LANES ? columns - start : CE_LANES;
        uint32_t threshold[CE_LANES] = {0};
        for (uint32_t bit = 0x80000000u; bit != 0; bit >>= 1) {
            uint32_t reached[CE_LANES] = {0};
            for (size_t row = 0; row < rows; row++)
                for (size_t lane = 0; lane < width; lane++)
                    reached[lane] += ce_rank(x[row * columns + start + lane]) >= (threshold[lane] | bit);
            for (size_t lane = 0; lane < width; lane++) threshold[lane] |= reached[lane] >= keep ? bit : 0;
        }
        for (size_t lane = 0; lane < width; lane++)
            ce_keep_from(x + start + lane, rows, columns, threshold[lane], keep);
    }
}

void ce_keep_winners(float *x, size_t samples, size_t positions, size_t channels, size_t keep) {
    if (positions > 1)
        for (size_t sample = 0; sample < samples; sample++)
            ce_keep_in_columns(x + sample * positions * channels, positions, channels, 1);
    // What is left of a sample's channel is one number: the largest of all rows are those of different samples.
    ce_keep_in_columns(x, samples * positions, channels, keep);
}

CE_DISPATCH
void ce_zero_where_zero(float *restrict gradient, const float *restrict x, size_t count) {
    for (size_t i = 0; i < count; i++) gradient[i] = x[i] == 0 ? 0 : gradient[i];
}
