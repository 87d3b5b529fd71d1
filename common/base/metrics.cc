#include "common/base/metrics.h"

#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <iterator>

#include "common/base/process_metrics.h"

namespace tact {

prometheus::Registry& MetricsRegistry() {
  static auto* registry = new prometheus::Registry(prometheus::Registry::InsertBehavior::Merge);
  return *registry;
}

prometheus::Counter& CounterMetric(const std::string& name, const std::string& help,
                                   const MetricLabels& labels) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(MetricsRegistry()).Add(labels);
}

prometheus::Gauge& GaugeMetric(const std::string& name, const std::string& help,
                               const MetricLabels& labels) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(MetricsRegistry()).Add(labels);
}

prometheus::Histogram& HistogramMetric(const std::string& name, const std::string& help,
                                       const std::vector<double>& buckets,
                                       const MetricLabels& labels) {
  return prometheus::BuildHistogram()
      .Name(name)
      .Help(help)
      .Register(MetricsRegistry())
      .Add(labels, buckets);
}

const std::vector<double>& LatencyBuckets() {
  static const auto* buckets = new std::vector<double>{.001, .0025, .005, .01, .025, .05, .1, .25,
                                                       .5,   1,     2.5,  5,   10,   30,  60};
  return *buckets;
}

std::string MetricsText() {
  std::vector<prometheus::MetricFamily> families = MetricsRegistry().Collect();
  std::vector<prometheus::MetricFamily> process = ProcessMetrics();
  std::move(process.begin(), process.end(), std::back_inserter(families));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace tact
