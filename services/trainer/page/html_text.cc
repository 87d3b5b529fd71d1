#include "services/trainer/page/html_text.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "common/base/strings.h"

namespace tact {
namespace {

std::string Words(const std::string& name, std::string_view prefix) {
  return absl::StrReplaceAll(absl::AsciiStrToLower(name.substr(prefix.size())), {{"_", " "}});
}

}  // namespace

std::string EscapeHtml(std::string_view text) {
  return absl::StrReplaceAll(
      ToAbsl(text),
      {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

std::string StateWord(v1::JobState state) { return Words(v1::JobState_Name(state), "JOB_STATE_"); }
std::string KindWord(v1::JobKind kind) { return Words(v1::JobKind_Name(kind), "JOB_KIND_"); }
std::string ReasonWords(v1::PauseReason reason) {
  return Words(v1::PauseReason_Name(reason), "PAUSE_REASON_");
}

std::string ShortNumber(double value) { return absl::StrFormat("%.4g", value); }

std::string Moment(double epoch_seconds) {
  if (epoch_seconds <= 0) return "";
  const absl::Time time = absl::UnixEpoch() + absl::Seconds(epoch_seconds);
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone());
}

}  // namespace tact
