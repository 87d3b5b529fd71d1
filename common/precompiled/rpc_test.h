// rpc.h and GoogleTest, compiled once for the tests.
#ifndef TACT_COMMON_PRECOMPILED_RPC_TEST_H_
#define TACT_COMMON_PRECOMPILED_RPC_TEST_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/precompiled/rpc.h"

#endif  // TACT_COMMON_PRECOMPILED_RPC_TEST_H_
