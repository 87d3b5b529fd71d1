// rpc.h and LibTorch's tensors, compiled once for the trainer.
#ifndef TACT_COMMON_PRECOMPILED_TORCH_H_
#define TACT_COMMON_PRECOMPILED_TORCH_H_

#include <ATen/ATen.h>

#include "common/precompiled/rpc.h"

#endif  // TACT_COMMON_PRECOMPILED_TORCH_H_
