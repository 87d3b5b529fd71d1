#include "services/trainer/page/curves.h"

#include <cmath>
#include <optional>

namespace tact {
namespace {

using Read = std::optional<double> (*)(const v1::StepMetrics&);

struct Source {
  const char* name;
  Read read;
};

#define METRIC(field) [](const v1::StepMetrics& m) { return std::optional<double>(m.field()); }
#define SOMETIMES(field)                                                      \
  [](const v1::StepMetrics& m) {                                              \
    return m.has_##field() ? std::optional<double>(m.field()) : std::nullopt; \
  }

constexpr Source kPpo[] = {
    {"reward", METRIC(reward_mean)},
    {"validation reward", SOMETIMES(validation_reward)},
    {"KL", METRIC(kl)},
    {"policy loss", METRIC(policy_loss)},
    {"value loss", METRIC(value_loss)},
    {"clip fraction", METRIC(clip_fraction)},
    {"response tokens", METRIC(response_tokens)},
    {"learning rate", METRIC(learning_rate)},
    {"tokens per second", METRIC(tokens_per_second)},
    {"seconds per step", METRIC(seconds)},
    {"staleness", METRIC(staleness_mean)},
    {"replay difference", METRIC(replay_difference)},
};
constexpr Source kSupervised[] = {
    {"loss", METRIC(loss)},
    {"validation loss", SOMETIMES(validation_loss)},
    {"validation accuracy", SOMETIMES(validation_accuracy)},
    {"learning rate", METRIC(learning_rate)},
    {"gradient norm", METRIC(grad_norm)},
    {"tokens per second", METRIC(tokens_per_second)},
    {"seconds per step", METRIC(seconds)},
};

#undef METRIC
#undef SOMETIMES

}  // namespace

void ThinnedCurve::Add(double step, double value) {
  last_ = {step, value};
  sum_.step += step;
  sum_.value += value;
  if (++waiting_ < stride_) return;
  const auto count = static_cast<double>(waiting_);
  kept_.push_back({sum_.step / count, sum_.value / count});
  sum_ = {};
  waiting_ = 0;
  if (kept_.size() == limit_) Halve();
}

void ThinnedCurve::Halve() {
  for (size_t i = 0; i < kept_.size() / 2; ++i) {
    const Point &a = kept_[2 * i], &b = kept_[2 * i + 1];
    kept_[i] = {(a.step + b.step) / 2, (a.value + b.value) / 2};
  }
  kept_.resize(kept_.size() / 2);
  stride_ *= 2;
}

std::vector<std::pair<double, double>> ThinnedCurve::points() const {
  std::vector<std::pair<double, double>> out;
  for (const Point& point : kept_) out.emplace_back(point.step, point.value);
  const bool has_last = !out.empty() && out.back().first == last_.step;
  if (last_.step > 0 && !has_last) out.emplace_back(last_.step, last_.value);
  return out;
}

struct JobCurves::Entry {
  const char* name;
  std::optional<double> (*read)(const v1::StepMetrics&);
  ThinnedCurve curve;
  bool has_value = false;  // other than 0
};

JobCurves::JobCurves(v1::JobKind kind, size_t limit) {
  const auto add = [&](const auto& sources) {
    for (const Source& source : sources)
      entries_.push_back({source.name, source.read, ThinnedCurve(limit)});
  };
  if (kind == v1::JOB_KIND_PPO) {
    add(kPpo);
  } else {
    add(kSupervised);
  }
}

JobCurves::~JobCurves() = default;

void JobCurves::Add(const v1::StepMetrics& metrics) {
  for (Entry& entry : entries_) {
    const std::optional<double> value = entry.read(metrics);
    if (!value || !std::isfinite(*value)) continue;
    entry.has_value |= *value != 0;
    entry.curve.Add(metrics.step(), *value);
  }
}

std::vector<NamedCurve> JobCurves::curves() const {
  std::vector<NamedCurve> out;
  for (const Entry& entry : entries_) {
    if (entry.has_value) out.push_back({entry.name, entry.curve.points()});
  }
  return out;
}

}  // namespace tact
