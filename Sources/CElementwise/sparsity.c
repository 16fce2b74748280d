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

// `width` columns from `start` on, at most CE_LANES: a constant where it is called with one.
CE_INLINE void ce_keep_in_lanes(float *x, size_t rows, size_t columns, size_t width, size_t keep) {
    uint32_t threshold[CE_LANES] = {0};
    if (keep == 1)
        for (size_t row = 0; row < rows; row++)
            for (size_t lane = 0; lane < width; lane++) {
                uint32_t rank = ce_rank(x[row * columns + lane]);
                threshold[lane] = rank > threshold[lane] ? rank : threshold[lane];
            }
    else
        for (uint32_t bit = 0x80000000u; bit != 0; bit >>= 1) {
            uint32_t reached[CE_LANES] = {0};
            for (size_t row = 0; row < rows; row++)
                for (size_t lane = 0; lane < width; lane++)
                    reached[lane] += ce_rank(x[row * columns + lane]) >= (threshold[lane] | bit);
            for (size_t lane = 0; lane < width; lane++) threshold[lane] |= reached[lane] >= keep ? bit : 0;
        }
    for (size_t lane = 0; lane < width; lane++) ce_keep_from(x + lane, rows, columns, threshold[lane], keep);
}

CE_DISPATCH
void ce_keep_in_columns(float *x, size_t rows, size_t columns, size_t keep) {
    if (keep >= rows) return;
    size_t start = 0;
    for (; start + CE_LANES <= columns; start += CE_LANES) ce_keep_in_lanes(x + start, rows, columns, CE_LANES, keep);
    if (start < columns) ce_keep_in_lanes(x + start, rows, columns, columns - start, keep);
}

CE_DISPATCH
void ce_keep_winners(float *restrict x, size_t samples, size_t positions, size_t channels, size_t keep,
                     float *restrict winners) {
    if (positions == 1) {
        ce_keep_in_columns(x, samples, channels, keep);
        return;
    }
    memset(winners, 0, samples * channels * sizeof *winners);
    for (size_t sample = 0; sample < samples; sample++) {
        float *picture = x + sample * positions * channels;
        ce_keep_in_columns(picture, positions, channels, 1);
        // All but one of a channel's numbers are zero now: their sum is that one.
        for (size_t i = 0; i < positions; i++)
            for (size_t channel = 0; channel < channels; channel++)
                winners[sample * channels + channel] += picture[i * channels + channel];
    }
    ce_keep_in_columns(winners, samples, channels, keep);
    for (size_t sample = 0; sample < samples; sample++)
        for (size_t i = 0; i < positions; i++)
            for (size_t channel = 0; channel < channels; channel++) {
                float *place = x + (sample * positions + i) * channels + channel;
                *place = winners[sample * channels + channel] == 0 ? 0 : *place;
            }
}

CE_DISPATCH
void ce_zero_where_zero(float *restrict gradient, const float *restrict x, size_t count) {
    for (size_t i = 0; i < count; i++) gradient[i] = x[i] == 0 ? 0 : gradient[i];
}
