// rpc.h and CLI11, compiled once for what reads a command line.
#ifndef TACT_COMMON_PRECOMPILED_CLI_H_
#define TACT_COMMON_PRECOMPILED_CLI_H_

#include <CLI/CLI.hpp>

#include "common/precompiled/rpc.h"

#endif  // TACT_COMMON_PRECOMPILED_CLI_H_
