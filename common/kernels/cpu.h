// What the CPU can do, found once, so that the choice of kernels and the logs say the same.
#ifndef TACT_COMMON_KERNELS_CPU_H_
#define TACT_COMMON_KERNELS_CPU_H_

#include <string>

namespace tact {

struct CpuFeatures {
  bool avx2 = false;  // with FMA
  bool avx512 = false;
  bool avx512_vnni = false;
  bool avx512_bf16 = false;
  bool amx = false;  // tiles with bf16 and int8, and the system lets this process use them
};

const CpuFeatures& GetCpuFeatures();

// For example "avx2" or "avx512+vnni+bf16"; "baseline" where there is none of them.
std::string DescribeCpu();

}  // namespace tact

#endif  // TACT_COMMON_KERNELS_CPU_H_
