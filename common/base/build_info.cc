#include "common/base/build_info.h"

#include "common/base/metrics.h"

namespace tact {

const BuildInfo& GetBuildInfo() {
  static const auto* info =
      new BuildInfo{TACT_VERSION, TACT_COMMIT, TACT_COMPILER, TACT_BUILD_TYPE};
  return *info;
}

void ExportBuildInfo(const std::string& program) {
  const BuildInfo& info = GetBuildInfo();
  GaugeMetric("tact_build_info", "What this program was built from; always 1.",
              {{"program", program},
               {"version", info.version},
               {"commit", info.commit},
               {"compiler", info.compiler},
               {"build_type", info.build_type}})
      .Set(1);
}

}  // namespace tact
