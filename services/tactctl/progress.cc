#include "services/tactctl/progress.h"

#include <algorithm>
#include <cmath>
#include <ostream>

#include "common/base/strings.h"
#include "services/tactctl/output.h"

namespace tact::ctl {
namespace {

constexpr std::chrono::seconds kPlainInterval{2};
constexpr char kClearLine[] = "\r\033[2K";

}  // namespace

void Progress::Update(const std::string& line, bool important) {
  if (terminal_.err_is_terminal) {
    terminal_.err << kClearLine << Fit(line, terminal_.width - 1) << std::flush;
    drawn_ = true;
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  if (!important && now - last_time_ < kPlainInterval) return;
  PrintPlain(line);
}

void Progress::PrintPlain(const std::string& line) {
  if (line == last_plain_) return;
  last_plain_ = line;
  last_time_ = std::chrono::steady_clock::now();
  terminal_.err << line << '\n' << std::flush;
}

void Progress::Say(const std::string& line) {
  Clear();
  terminal_.err << line << '\n' << std::flush;
}

void Progress::Clear() {
  if (drawn_) terminal_.err << kClearLine << std::flush;
  drawn_ = false;
}

std::string Pace(double done, double total, double seconds, const std::string& unit) {
  if (done <= 0 || seconds <= 0) return "";
  const double rate = done / seconds;
  const std::string left =
      total > done ? StrCat("  ", Seconds((total - done) / rate), " left") : "";
  return StrCat("  ", Number(rate, rate < 10 ? 2 : 0), " ", unit, left);
}

std::string Transfer::Line(const std::string& file, uint64_t done, uint64_t total) {
  if (file != file_) {
    file_ = file;
    at_start_ = done;
    watch_ = Stopwatch();
  }
  const auto mib = [](uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); };
  return StrCat(file, " ", Bar(mib(done), mib(total)), "  ", done >> 20, "/", total >> 20, " MiB",
                Pace(mib(done - at_start_), mib(total - at_start_), watch_.Seconds(), "MiB/s"));
}

std::string Bar(double done, double total, size_t cells) {
  const double share = total > 0 ? std::clamp(done / total, 0.0, 1.0) : 0.0;
  const auto filled = static_cast<size_t>(std::floor(share * static_cast<double>(cells)));
  return StrCat("[", std::string(filled, '#'), std::string(cells - filled, '.'), "] ",
                static_cast<int>(std::floor(share * 100)), " %");
}

}  // namespace tact::ctl
