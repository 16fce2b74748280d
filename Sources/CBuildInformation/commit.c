#include "CBuildInformation.h"

const char *cbi_commit(void) { return CAIRN_COMMIT; }
