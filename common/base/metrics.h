// Prometheus metrics of a process: one registry, units in names, label values from small fixed
// sets.
#ifndef TACT_COMMON_BASE_METRICS_H_
#define TACT_COMMON_BASE_METRICS_H_

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <map>
#include <string>
#include <vector>

namespace prometheus {
class Registry;
}

namespace tact {

using MetricLabels = std::map<std::string, std::string>;

prometheus::Registry& MetricsRegistry();

// The metric of that name and labels, made at the first call; references stay valid for ever.
prometheus::Counter& CounterMetric(const std::string& name, const std::string& help,
                                   const MetricLabels& labels = {});
prometheus::Gauge& GaugeMetric(const std::string& name, const std::string& help,
                               const MetricLabels& labels = {});
prometheus::Histogram& HistogramMetric(const std::string& name, const std::string& help,
                                       const std::vector<double>& buckets,
                                       const MetricLabels& labels = {});

// Upper bounds in seconds from 1 ms to 60 s.
const std::vector<double>& LatencyBuckets();

// All metrics, those of the process included, in Prometheus' text format.
std::string MetricsText();

}  // namespace tact

#endif  // TACT_COMMON_BASE_METRICS_H_
