#define _GNU_SOURCE
#include "internal.h"
#ifdef __linux__
#include <sched.h>
#endif

size_t ce_allowed_cores(int32_t *cores, size_t limit) {
    size_t count = 0;
#ifdef __linux__
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 0;
    for (int core = 0; core < CPU_SETSIZE && count < limit; core++)
        if (CPU_ISSET(core, &set)) cores[count++] = core;
#else
    (void)cores, (void)limit;
#endif
    return count;
}

int ce_stay_on_core(size_t core) {
#ifdef __linux__
    cpu_set_t set;
    CPU_ZERO(&set);
    if (core >= CPU_SETSIZE) return 0;
    CPU_SET(core, &set);
    return sched_setaffinity(0, sizeof set, &set) == 0;
#else
    (void)core;
    return 0;
#endif
}
