// statfs(2), which Swift's view of glibc leaves out.
#include <sys/vfs.h>
