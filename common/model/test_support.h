// What the tests of this folder share: fixtures and comparison of tensors.
#ifndef TACT_COMMON_MODEL_TEST_SUPPORT_H_
#define TACT_COMMON_MODEL_TEST_SUPPORT_H_

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/parameter_map.h"
#include "common/model/torch_io.h"

namespace tact {

inline constexpr double kForwardTolerance = 2e-5;  // of the expected tensor's scale
inline constexpr double kGradientTolerance = 1e-4;

inline std::filesystem::path Fixture(const std::string& name) { return "testdata/" + name; }

// expected.safetensors of a fixture; see tests/reference/make_model_fixtures.py.
inline ParameterMap Expected(const std::string& fixture) {
  auto tensors = ReadTensors(Fixture(fixture) / "expected.safetensors");
  if (!tensors.ok()) ADD_FAILURE() << tensors.status();
  return tensors.ok() ? *std::move(tensors) : ParameterMap();
}

// The greatest difference, relative to the greatest expected magnitude.
inline double RelativeError(const at::Tensor& actual, const at::Tensor& expected) {
  if (actual.sizes() != expected.sizes()) return INFINITY;
  const double scale = expected.abs().max().item<double>();
  const double difference = actual.detach().sub(expected).abs().max().item<double>();
  return difference / (scale > 0 ? scale : 1.0);
}

inline void ExpectClose(const at::Tensor& actual, const at::Tensor& expected, double tolerance,
                        const std::string& what) {
  EXPECT_LE(RelativeError(actual, expected), tolerance) << what;
}

inline bool SameBits(const at::Tensor& a, const at::Tensor& b) {
  return a.sizes() == b.sizes() && at::equal(a, b);
}

// A folder of this test alone, gone at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tact-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace tact

#endif  // TACT_COMMON_MODEL_TEST_SUPPORT_H_
