// One measured work: time, processor time and peak memory, as JSON and as a row for people.
#ifndef TACT_TESTS_BENCH_ENGINE_MEASUREMENT_H_
#define TACT_TESTS_BENCH_ENGINE_MEASUREMENT_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "common/base/clock.h"

namespace tact::bench {

// Linear between neighbours, as numpy's default; `q` in [0, 1], `values` not empty.
double Quantile(std::vector<double> values, double q);
double Median(std::vector<double> values);

// What one repetition took.
struct Usage {
  double seconds = 0;      // by the clock
  double cpu_seconds = 0;  // user and system, of all threads of this process
};

// Runs from its making on.
class UsageWatch {
 public:
  UsageWatch();
  Usage Read() const;

 private:
  Stopwatch watch_;
  double cpu_;
};

// The peak of resident memory in MiB since ResetPeak, or since the start where the kernel does not
// reset it.
double PeakMib();
void ResetPeak();

struct Measurement {
  std::string name = {}, work = {}, dtype = {};
  int threads = 0;
  int64_t tokens = 0;  // of one repetition: new ones, or read ones where nothing is made
  double peak_mib = 0;
  std::vector<Usage> repetitions = {};
  nlohmann::json more = nlohmann::json::object();  // fields of this kind of work alone

  double seconds() const;  // medians
  double cpu_seconds() const;
  double tokens_per_second() const { return static_cast<double>(tokens) / seconds(); }
};

nlohmann::json ToJson(const Measurement& measurement);

// Lines of equal columns, a header first.
std::string Table(std::span<const Measurement> measurements);

}  // namespace tact::bench

#endif  // TACT_TESTS_BENCH_ENGINE_MEASUREMENT_H_
