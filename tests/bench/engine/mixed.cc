#include "tests/bench/engine/mixed.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/time/clock.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/policy/engine/step_profile.h"
#include "tests/bench/engine/prompts.h"

namespace tact::bench {
namespace {

// Seconds since its making.
class Timeline {
 public:
  double Now() const { return absl::ToDoubleSeconds(absl::Now() - begin_); }
  void SleepUntil(double at) const { absl::SleepFor(absl::Seconds(at - Now())); }

 private:
  const absl::Time begin_ = absl::Now();
};

// Latencies by request, filled on the engine's thread.
class Answers {
 public:
  Answers(std::span<const Arrival> arrivals, const Timeline& timeline)
      : arrivals_(arrivals), timeline_(timeline), latencies_(arrivals.size(), 0) {}

  void Take(const SequenceResult& result) {
    absl::MutexLock lock(&mutex_);
    status_.Update(result.status);
    latencies_[result.index] = timeline_.Now() - arrivals_[result.index].at;
    ++count_;
  }
  // Waits for `count` answers in all.
  absl::StatusOr<std::vector<double>> Wait(size_t count) {
    absl::MutexLock lock(&mutex_);
    const auto complete = [&] { return count_ >= count; };
    mutex_.Await(absl::Condition(&complete));
    RETURN_IF_ERROR(status_);
    return latencies_;
  }

 private:
  const std::span<const Arrival> arrivals_;
  const Timeline& timeline_;
  absl::Mutex mutex_;
  std::vector<double> latencies_;
  absl::Status status_;
  size_t count_ = 0;
};

std::unique_ptr<Engine> MixedEngine(const BenchModel& model, const MixedWork& work) {
  EngineOptions options = {.threads = model.threads};
  options.batch.max_running = work.max_running;
  options.sequence = {work.prompt_tokens.max, work.new_tokens.max};
  return std::make_unique<Engine>(options, model.config);
}

class Server {
 public:
  Server(const BenchModel& model, const MixedWork& work, std::span<const Arrival> arrivals)
      : model_(model),
        work_(work),
        arrivals_(arrivals),
        engine_(MixedEngine(model, work)),
        answers_(arrivals, timeline_) {}
  // The engine's thread ends before what it writes to.
  ~Server() { engine_.reset(); }

  absl::StatusOr<Service> Run(Serving serving) {
    StepProfile profile;
    StepProfile::Current() = &profile;
    const absl::Cleanup stop = [this] { StopProfile(); };
    const UsageWatch watch;
    Service out;
    if (serving == Serving::kContinuous) {
      RETURN_IF_ERROR(Continuously());
    } else {
      RETURN_IF_ERROR(InBatches(serving == Serving::kPaddedBatch));
    }
    ASSIGN_OR_RETURN(out.latencies, answers_.Wait(arrivals_.size()));
    for (const auto& [request, latency] : padded_) out.latencies[request] = latency;
    out.usage = watch.Read();
    StopProfile();
    out.steps = profile.steps();
    out.encode_seconds = profile.seconds(StepPart::kEncode);
    out.decode_seconds = profile.seconds() - out.encode_seconds;
    return out;
  }

 private:
  // The engine's thread, which writes to it, ends first.
  void StopProfile() {
    engine_.reset();
    StepProfile::Current() = nullptr;
  }

  // Requests [begin, end) as one call.
  absl::Status Submit(size_t begin, size_t end, bool pad) {
    std::vector<PromptTask> tasks;
    Arrival longest = {};
    for (const Arrival& arrival : arrivals_.subspan(begin, end - begin)) {
      longest.prompt_tokens = std::max(longest.prompt_tokens, arrival.prompt_tokens);
      longest.new_tokens = std::max(longest.new_tokens, arrival.new_tokens);
    }
    for (size_t i = begin; i < end; ++i) {
      const uint64_t seed = PromptSeed(work_.seed, static_cast<int64_t>(i));
      const Arrival& size = pad ? longest : arrivals_[i];
      tasks.push_back(MakeTask(model_, T5Prompt(seed, size.prompt_tokens), size.new_tokens));
      tasks.back().index = i;
    }
    return engine_->Submit(
        std::make_shared<Call>(absl::InfiniteFuture(),
                               [this](const SequenceResult& result) { answers_.Take(result); }),
        std::move(tasks));
  }

  absl::Status Continuously() {
    for (size_t i = 0; i < arrivals_.size(); ++i) {
      timeline_.SleepUntil(arrivals_[i].at);
      RETURN_IF_ERROR(Submit(i, i + 1, /*pad=*/false));
    }
    return absl::OkStatus();
  }

  absl::Status InBatches(bool pad) {
    for (size_t begin = 0; begin < arrivals_.size();) {
      timeline_.SleepUntil(arrivals_[begin].at);
      const size_t end = BatchEnd(arrivals_, begin, timeline_.Now(), work_.max_running);
      RETURN_IF_ERROR(Submit(begin, end, pad));
      RETURN_IF_ERROR(answers_.Wait(end).status());
      const double now = timeline_.Now();
      for (size_t i = begin; pad && i < end; ++i) padded_.emplace_back(i, now - arrivals_[i].at);
      begin = end;
    }
    return absl::OkStatus();
  }

  const BenchModel& model_;
  const MixedWork& work_;
  const std::span<const Arrival> arrivals_;
  std::unique_ptr<Engine> engine_;
  Timeline timeline_;
  Answers answers_;
  std::vector<std::pair<size_t, double>> padded_;  // answers that came with their whole batch
};

constexpr std::pair<Serving, const char*> kWays[] = {{Serving::kContinuous, "continuous"},
                                                     {Serving::kBatchAtOnce, "batch at once"},
                                                     {Serving::kPaddedBatch, "padded batch"}};

// By field of the report, a value of each repetition.
using Values = std::map<std::string, std::vector<double>>;

void Add(const Service& service, Values& out) {
  out["latency_p50"].push_back(Quantile(service.latencies, 0.5));
  out["latency_p99"].push_back(Quantile(service.latencies, 0.99));
  out["encode_seconds"].push_back(service.encode_seconds);
  out["decode_seconds"].push_back(service.decode_seconds);
  out["steps"].push_back(static_cast<double>(service.steps));
}

}  // namespace

absl::StatusOr<Service> Serve(const BenchModel& model, const MixedWork& work,
                              std::span<const Arrival> arrivals, Serving serving) {
  return Server(model, work, arrivals).Run(serving);
}

absl::StatusOr<std::vector<Measurement>> MeasureMixed(const BenchModel& model,
                                                      const MixedWork& work, int repetitions) {
  const auto at_once = PoissonArrivals(work, std::numeric_limits<double>::infinity());
  ASSIGN_OR_RETURN(const Service full, Serve(model, work, at_once, Serving::kContinuous));
  const double rate = work.load * static_cast<double>(work.requests) / full.usage.seconds;
  const auto arrivals = PoissonArrivals(work, rate);
  int64_t tokens = 0;
  for (const Arrival& arrival : arrivals) tokens += arrival.new_tokens;
  std::vector<Measurement> out;
  for (const auto& [serving, name] : kWays) {
    out.push_back({.name = StrCat(work.work, " ", name),
                   .work = work.work,
                   .dtype = model.dtype,
                   .threads = model.threads,
                   .tokens = tokens});
  }
  std::vector<Values> values(out.size());
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    for (size_t i = 0; i < out.size(); ++i) {
      ASSIGN_OR_RETURN(const Service one, Serve(model, work, arrivals, kWays[i].first));
      out[i].repetitions.push_back(one.usage);
      Add(one, values[i]);
      out[i].peak_mib = PeakMib();
    }
  }
  for (size_t i = 0; i < out.size(); ++i) {
    out[i].more = {{"requests_per_second_offered", rate}};
    for (const auto& [field, of_repetitions] : values[i]) {
      out[i].more[field] = Median(of_repetitions);
    }
  }
  return out;
}

}  // namespace tact::bench
