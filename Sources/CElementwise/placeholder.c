#include "CElementwise.h"
void cairn_placeholder(void) {}
