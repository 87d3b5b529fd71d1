// The curves of a job from its steps, each of a bounded number of points.
#ifndef TACT_SERVICES_TRAINER_PAGE_CURVES_H_
#define TACT_SERVICES_TRAINER_PAGE_CURVES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tact/v1/trainer.pb.h"

namespace tact {

// Values of one metric by step. At its limit neighbours become one point, their mean, so a long
// job keeps its shape; the last point is always as it came.
class ThinnedCurve {
 public:
  // `limit` is even and at least 2.
  explicit ThinnedCurve(size_t limit) : limit_(limit) {}
  void Add(double step, double value);
  // At most limit + 1, by step.
  std::vector<std::pair<double, double>> points() const;

 private:
  struct Point {
    double step = 0, value = 0;
  };
  void Halve();

  const size_t limit_;
  size_t stride_ = 1;  // steps that a kept point stands for
  std::vector<Point> kept_;
  Point sum_;  // of the steps that wait to become a point
  size_t waiting_ = 0;
  Point last_;
};

struct NamedCurve {
  std::string name;  // "reward"
  std::vector<std::pair<double, double>> points;
};

// What the page draws for a kind of job; curves without any value but 0 are left out. Values that
// are not finite are left out too: JSON has none.
class JobCurves {
 public:
  JobCurves(v1::JobKind kind, size_t limit);
  ~JobCurves();
  void Add(const v1::StepMetrics& metrics);
  std::vector<NamedCurve> curves() const;

 private:
  struct Entry;
  std::vector<Entry> entries_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PAGE_CURVES_H_
