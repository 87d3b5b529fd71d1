#include "common/rpc/stamp.h"

#include <cstdint>
#include <string_view>

#include "absl/strings/numbers.h"
#include "common/base/build_info.h"
#include "common/base/clock.h"
#include "common/base/strings.h"

namespace tact {
namespace {

constexpr char kVersionKey[] = "tact-version";
constexpr char kTimeKey[] = "tact-time-ms";
constexpr char kStartedKey[] = "tact-started-ms";

std::string ToMilliseconds(double seconds) { return StrCat(static_cast<int64_t>(seconds * 1000)); }

const double process_began = UnixSeconds();

std::string StampVersion() {
  const BuildInfo& info = GetBuildInfo();
  return StrCat(info.version, "+", info.commit);
}

std::string FindValue(const grpc::ClientContext& context, const char* key) {
  const auto& metadata = context.GetServerInitialMetadata();
  const auto found = metadata.find(key);
  if (found == metadata.end()) return "";
  return std::string(found->second.data(), found->second.size());
}

bool FindMoment(const grpc::ClientContext& context, const char* key, double& seconds) {
  int64_t milliseconds = 0;
  if (!absl::SimpleAtoi(FindValue(context, key), &milliseconds)) return false;
  seconds = static_cast<double>(milliseconds) / 1000;
  return true;
}

}  // namespace

void StampResponse(grpc::ServerContextBase* context) {
  if (context == nullptr) return;
  static const auto* version = new std::string(StampVersion());
  static const auto* started = new std::string(ToMilliseconds(process_began));
  context->AddInitialMetadata(kVersionKey, *version);
  context->AddInitialMetadata(kTimeKey, ToMilliseconds(UnixSeconds()));
  context->AddInitialMetadata(kStartedKey, *started);
}

std::optional<ServerStamp> ReadStamp(const grpc::ClientContext& context) {
  ServerStamp stamp{FindValue(context, kVersionKey)};
  const bool whole = !stamp.version.empty() && FindMoment(context, kTimeKey, stamp.time_seconds) &&
                     FindMoment(context, kStartedKey, stamp.started_seconds);
  if (!whole) return std::nullopt;
  return stamp;
}

}  // namespace tact
