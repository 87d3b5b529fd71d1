#include "tests/bench/engine/measurement.h"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>

namespace tact::bench {
namespace {

double CpuSeconds() {
  rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double MedianOf(const std::vector<Usage>& repetitions, double Usage::*field) {
  std::vector<double> values;
  for (const Usage& usage : repetitions) values.push_back(usage.*field);
  return Median(std::move(values));
}

}  // namespace

double Quantile(std::vector<double> values, double q) {
  std::ranges::sort(values);
  const double at = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<size_t>(std::floor(at));
  const size_t above = std::min(below + 1, values.size() - 1);
  const double weight = at - static_cast<double>(below);
  return values[below] * (1 - weight) + values[above] * weight;
}

double Median(std::vector<double> values) { return Quantile(std::move(values), 0.5); }

UsageWatch::UsageWatch() : cpu_(CpuSeconds()) {}

Usage UsageWatch::Read() const { return {watch_.Seconds(), CpuSeconds() - cpu_}; }

double PeakMib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib / 1024;
  }
  return 0;
}

void ResetPeak() { std::ofstream("/proc/self/clear_refs") << "5"; }

double Measurement::seconds() const { return MedianOf(repetitions, &Usage::seconds); }
double Measurement::cpu_seconds() const { return MedianOf(repetitions, &Usage::cpu_seconds); }

nlohmann::json ToJson(const Measurement& m) {
  nlohmann::json out = {{"engine", "tact"},
                        {"name", m.name},
                        {"work", m.work},
                        {"dtype", m.dtype},
                        {"threads", m.threads},
                        {"tokens", m.tokens},
                        {"seconds", m.seconds()},
                        {"cpu_seconds", m.cpu_seconds()},
                        {"tokens_per_second", m.tokens_per_second()},
                        {"peak_mib", m.peak_mib}};
  for (const Usage& usage : m.repetitions) {
    out["repetitions"].push_back({{"seconds", usage.seconds}, {"cpu_seconds", usage.cpu_seconds}});
  }
  out.update(m.more);
  return out;
}

std::string Table(std::span<const Measurement> measurements) {
  char line[160];
  std::snprintf(line, sizeof(line), "%-28s %-5s %9s %9s %10s %9s\n", "work", "dtype", "s", "CPU-s",
                "tokens/s", "peak MiB");
  std::string out = line;
  for (const Measurement& m : measurements) {
    std::snprintf(line, sizeof(line), "%-28s %-5s %9.4f %9.4f %10.1f %9.0f\n", m.name.c_str(),
                  m.dtype.c_str(), m.seconds(), m.cpu_seconds(), m.tokens_per_second(), m.peak_mib);
    out += line;
  }
  return out;
}

}  // namespace tact::bench
