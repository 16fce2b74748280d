#pragma once
#include <dnnl.h>
#include "matmul.h"
