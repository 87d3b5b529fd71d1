#include "services/trainer/ranks/rank_settings.h"

#include <cstdlib>

#include "absl/strings/numbers.h"
#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {
namespace {

constexpr int kMostRanks = 1024;

absl::StatusOr<std::string> Required(const EnvironmentLookup& lookup, const char* name,
                                     std::string_view meaning) {
  const std::optional<std::string> value = lookup(name);
  if (value && !value->empty()) return *value;
  return FieldError(name, "nothing", "is not set, but WORLD_SIZE is above 1",
                    StrCat("set it to ", meaning, ", or unset WORLD_SIZE to train in one process"));
}

absl::StatusOr<int> Number(const char* name, const std::string& text, int least, int most,
                           std::string_view meaning) {
  int value = 0;
  if (absl::SimpleAtoi(text, &value) && value >= least && value <= most) return value;
  return FieldError(name, text, StrCat("is not a whole number from ", least, " to ", most),
                    StrCat("set it to ", meaning));
}

}  // namespace

absl::StatusOr<RankSettings> ParseRankSettings(const EnvironmentLookup& lookup) {
  RankSettings out;
  const std::string world = lookup("WORLD_SIZE").value_or("");
  if (world.empty()) return out;
  ASSIGN_OR_RETURN(out.world_size, Number("WORLD_SIZE", world, 1, kMostRanks,
                                          "how many trainer processes there are"));
  if (out.alone()) return out;
  constexpr std::string_view kRankMeaning = "this process's number, 0 for the one that leads";
  ASSIGN_OR_RETURN(const std::string rank, Required(lookup, "RANK", kRankMeaning));
  ASSIGN_OR_RETURN(out.rank, Number("RANK", rank, 0, out.world_size - 1, kRankMeaning));
  ASSIGN_OR_RETURN(out.address, Required(lookup, "MASTER_ADDR", "the host of rank 0"));
  constexpr std::string_view kPortMeaning = "the port where rank 0 waits for the others";
  ASSIGN_OR_RETURN(const std::string port, Required(lookup, "MASTER_PORT", kPortMeaning));
  ASSIGN_OR_RETURN(const int number, Number("MASTER_PORT", port, 1, 65535, kPortMeaning));
  out.port = static_cast<uint16_t>(number);
  out.interface = lookup("GLOO_SOCKET_IFNAME").value_or("");
  return out;
}

std::optional<std::string> ProcessEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace tact
