#include "internal.h"

CE_DISPATCH
void ce_max_pool(const float *restrict x, size_t images, size_t height, size_t width, size_t channels, size_t window,
                 float *restrict out, uint8_t *restrict places) {
    size_t rows = (height + window - 1) / window, columns = (width + window - 1) / window;
    for (size_t cell = 0; cell < images * rows * columns; cell++) {
        size_t top = cell / columns % rows * window, left = cell % columns * window;
        const float *image = x + cell / (rows * columns) * height * width * channels;
        float *to = out + cell * channels;
        uint8_t *place = places + cell * channels;
        memcpy(to, image + (top * width + left) * channels, channels * sizeof *to);
        memset(place, 0, channels);
        for (size_t i = 1; i < window * window; i++) {
            size_t row = top + i / window, column = left + i % window;
            if (row >= height || column >= width) continue;
            const float *from = image + (row * width + column) * channels;
            for (size_t channel = 0; channel < channels; channel++) {
                place[channel] = from[channel] > to[channel] ? (uint8_t)i : place[channel];
                to[channel] = from[channel] > to[channel] ? from[channel] : to[channel];
            }
        }
    }
}

CE_DISPATCH
void ce_max_pool_backward(const float *restrict delta, const uint8_t *restrict places, size_t images, size_t height,
                          size_t width, size_t channels, size_t window, float *restrict out) {
    size_t rows = (height + window - 1) / window, columns = (width + window - 1) / window;
    for (size_t at = 0; at < images * height * width; at++) {
        size_t row = at / width % height, column = at % width;
        size_t cell = (at / (height * width) * rows + row / window) * columns + column / window;
        uint8_t own = (uint8_t)(row % window * window + column % window);
        const float *from = delta + cell * channels;
        const uint8_t *place = places + cell * channels;
        float *to = out + at * channels;
        for (size_t channel = 0; channel < channels; channel++) to[channel] = place[channel] == own ? from[channel] : 0.0f;
    }
}

CE_DISPATCH
void ce_upsample(const float *restrict x, size_t images, size_t height, size_t width, size_t channels, size_t factor,
                 float *restrict out) {
    size_t rows = (height + factor - 1) / factor, columns = (width + factor - 1) / factor;
    for (size_t at = 0; at < images * height * width; at++) {
        size_t row = at / width % height, column = at % width;
        size_t cell = (at / (height * width) * rows + row / factor) * columns + column / factor;
        memcpy(out + at * channels, x + cell * channels, channels * sizeof *out);
    }
}

CE_DISPATCH
void ce_upsample_backward(const float *restrict delta, size_t images, size_t height, size_t width, size_t channels,
                          size_t factor, float *restrict out) {
    size_t rows = (height + factor - 1) / factor, columns = (width + factor - 1) / factor;
    memset(out, 0, images * rows * columns * channels * sizeof *out);
    for (size_t at = 0; at < images * height * width; at++) {
        size_t row = at / width % height, column = at % width;
        size_t cell = (at / (height * width) * rows + row / factor) * columns + column / factor;
        const float *from = delta + at * channels;
        float *to = out + cell * channels;
        for (size_t channel = 0; channel < channels; channel++) to[channel] += from[channel];
    }
}

CE_DISPATCH
void ce_add_windows(const float *restrict windows, size_t images, size_t height, size_t width, size_t channels,
                    size_t kernel, size_t stride, size_t before, float *restrict out) {
    size_t rows = (height + stride - 1) / stride, columns = (width + stride - 1) / stride;
    ptrdiff_t size = (ptrdiff_t)kernel, lines = (ptrdiff_t)height, line = (ptrdiff_t)width;
    memset(out, 0, images * height * width * channels * sizeof *out);
    for (size_t at = 0; at < images * rows * columns; at++) {
        // The window's first place may lie outside the picture.
        ptrdiff_t top = (ptrdiff_t)(at / columns % rows * stride) - (ptrdiff_t)before;
        ptrdiff_t left = (ptrdiff_t)(at % columns * stride) - (ptrdiff_t)before;
        ptrdiff_t firstY = top < 0 ? -top : 0, endY = top + size > lines ? lines - top : size;
        ptrdiff_t firstX = left < 0 ? -left : 0, endX = left + size > line ? line - left : size;
        float *image = out + at / (rows * columns) * height * width * channels;
        const float *window = windows + at * channels * kernel * kernel;
        for (size_t channel = 0; channel < channels; channel++)
            for (ptrdiff_t y = firstY; y < endY; y++)
                for (ptrdiff_t x = firstX; x < endX; x++)
                    image[(size_t)((top + y) * line + left + x) * channels + channel] +=
                        window[(channel * kernel + (size_t)y) * kernel + (size_t)x];
    }
}
