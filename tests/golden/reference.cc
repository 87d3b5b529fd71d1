#include "tests/golden/reference.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "common/base/file.h"

namespace tact::golden {
namespace {

const TensorView& Find(const SafeTensors& tensors, const std::string& name) {
  const TensorView* view = tensors.Find(name);
  if (view == nullptr) {
    std::fprintf(stderr, "the golden data has no tensor %s\n", name.c_str());
    std::abort();
  }
  return *view;
}

}  // namespace

std::filesystem::path ReferenceFolder() {
  if (const char* folder = std::getenv("TACT_REFERENCE_DIR"); folder != nullptr && *folder != 0) {
    return folder;
  }
  return "../fixtures/reference";  // tests run in the folder of their sources
}

nlohmann::json ReadJson(const std::string& file) {
  return nlohmann::json::parse(ReadFile(ReferenceFolder() / file).value());
}

SafeTensors ReadTensors(const std::string& file) {
  return SafeTensors::Open(ReferenceFolder() / file).value();
}

std::vector<float> Floats(const SafeTensors& tensors, const std::string& name) {
  return ToFloat(Find(tensors, name), name).value();
}

std::vector<int32_t> Ids(const SafeTensors& tensors, const std::string& name) {
  const TensorView& view = Find(tensors, name);
  std::vector<int64_t> wide(static_cast<size_t>(view.num_elements()));
  std::memcpy(wide.data(), view.data.data(), view.data.size());
  return {wide.begin(), wide.end()};
}

std::vector<int64_t> Shape(const SafeTensors& tensors, const std::string& name) {
  return Find(tensors, name).shape;
}

void PrintShare(const std::string& theme, size_t used, size_t total) {
  std::printf("golden: %s used %zu of %zu cases\n", theme.c_str(), used, total);
}

double ScaledDifference(std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size()) return std::numeric_limits<double>::infinity();
  double scale = 0, difference = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::isfinite(b[i])) scale = std::max(scale, std::abs(double{b[i]}));
    if (a[i] == b[i]) continue;
    const double distance = std::abs(double{a[i]} - double{b[i]});
    difference = std::max(difference, std::isnan(distance) ? HUGE_VAL : distance);
  }
  return difference / (scale > 0 ? scale : 1);
}

}  // namespace tact::golden
