#include "CDashboard.h"

static const unsigned char index_html[] = {
#embed "page/index.html"
};

#define FILE(name, bytes) {name, bytes, sizeof(bytes)}

static const cd_file files[] = {
    FILE("index.html", index_html),
};

cd_file cd_file_at(size_t index) {
    const cd_file none = {NULL, NULL, 0};
    return index < sizeof(files) / sizeof(files[0]) ? files[index] : none;
}
