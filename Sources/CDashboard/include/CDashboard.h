#ifndef CDASHBOARD_H
#define CDASHBOARD_H

#include <stddef.h>

/// One file of the dashboard, as it is served.
typedef struct {
    /// Such as `index.html`.
    const char *name;
    const unsigned char *bytes;
    size_t count;
} cd_file;

/// File `index`; one without a name where there are no more.
cd_file cd_file_at(size_t index);

#endif
