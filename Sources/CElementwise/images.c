#include "internal.h"

void ce_shift(float *x, size_t height, size_t width, size_t channels, ptrdiff_t down, ptrdiff_t right) {
    size_t line = width * channels;
    size_t columns = (size_t)(right < 0 ? -right : right);
    size_t gap = (columns < width ? columns : width) * channels;
    for (size_t done = 0; done < height; done++) {
        // A line is read before it is written over.
        size_t row = down > 0 ? height - 1 - done : done;
        ptrdiff_t source = (ptrdiff_t)row - down;
        float *to = x + row * line;
        if (source < 0 || source >= (ptrdiff_t)height) {
            memset(to, 0, line * sizeof *to);
            continue;
        }
        const float *from = x + (size_t)source * line;
        memmove(right > 0 ? to + gap : to, right > 0 ? from : from + gap, (line - gap) * sizeof *to);
        memset(right > 0 ? to : to + (line - gap), 0, gap * sizeof *to);
    }
}

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

// One window's channel into a picture, from which it may stick out unless it is inside: then the loops have no branches
// where the kernel is known.
CE_INLINE void ce_add_window(const float *restrict window, ptrdiff_t kernel, ptrdiff_t top, ptrdiff_t left, ptrdiff_t height,
                             ptrdiff_t width, ptrdiff_t channels, bool isInside, float *restrict out) {
    ptrdiff_t firstY = isInside || top >= 0 ? 0 : -top, endY = isInside || top + kernel <= height ? kernel : height - top;
    ptrdiff_t firstX = isInside || left >= 0 ? 0 : -left, endX = isInside || left + kernel <= width ? kernel : width - left;
    for (ptrdiff_t y = firstY; y < endY; y++)
        for (ptrdiff_t x = firstX; x < endX; x++)
            out[((top + y) * width + left + x) * channels] += window[y * kernel + x];
}

CE_INLINE void ce_add_all_windows(const float *restrict windows, size_t apart, size_t images, size_t height, size_t width,
                                  size_t channels, size_t kernel, size_t stride, size_t before, float *restrict out) {
    size_t rows = (height + stride - 1) / stride, columns = (width + stride - 1) / stride;
    ptrdiff_t size = (ptrdiff_t)kernel, lines = (ptrdiff_t)height, line = (ptrdiff_t)width;
    memset(out, 0, images * height * width * channels * sizeof *out);
    for (size_t image = 0; image < images; image++, out += height * width * channels)
        for (size_t row = 0; row < rows; row++)
            for (size_t column = 0; column < columns; column++, windows += apart) {
                ptrdiff_t top = (ptrdiff_t)(row * stride) - (ptrdiff_t)before;
                ptrdiff_t left = (ptrdiff_t)(column * stride) - (ptrdiff_t)before;
                bool isInside = top >= 0 && left >= 0 && top + size <= lines && left + size <= line;
                for (size_t channel = 0; channel < channels; channel++) {
                    const float *window = windows + channel * kernel * kernel;
                    float *to = out + channel;
                    if (isInside) ce_add_window(window, size, top, left, lines, line, (ptrdiff_t)channels, true, to);
                    else ce_add_window(window, size, top, left, lines, line, (ptrdiff_t)channels, false, to);
                }
            }
}

CE_DISPATCH
void ce_add_windows(const float *restrict windows, size_t apart, size_t images, size_t height, size_t width,
                    size_t channels, size_t kernel, size_t stride, size_t before, float *restrict out) {
#define SIZE(kernel)                                                                                          \
    channels == 1 ? ce_add_all_windows(windows, apart, images, height, width, 1, kernel, stride, before, out) \
                  : ce_add_all_windows(windows, apart, images, height, width, channels, kernel, stride, before, out);
    switch (kernel) {
    case 3: SIZE(3) break;
    case 5: SIZE(5) break;
    case 7: SIZE(7) break;
    default: SIZE(kernel)
    }
#undef SIZE
}
