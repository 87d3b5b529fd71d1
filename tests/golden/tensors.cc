#include "tests/golden/tensors.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "common/model/torch_io.h"
#include "tests/golden/reference.h"

namespace tact::golden {

at::Tensor FloatTensor(const SafeTensors& tensors, const std::string& name) {
  return at::tensor(Floats(tensors, name)).reshape(Shape(tensors, name));
}

at::Tensor LongTensor(const SafeTensors& tensors, const std::string& name) {
  return at::tensor(Ids(tensors, name), at::kInt).to(at::kLong).reshape(Shape(tensors, name));
}

void ExpectClose(const at::Tensor& actual, const at::Tensor& expected, double tolerance,
                 const std::string& what) {
  ASSERT_EQ(actual.sizes(), expected.sizes()) << what;
  const at::Tensor a = actual.detach(), b = expected.detach();
  const double scale = b.abs().max().item<double>();
  const double difference = a.sub(b).abs().max().item<double>();
  EXPECT_LE(difference, tolerance * (scale > 0 ? scale : 1.0)) << what << ", scale " << scale;
}

}  // namespace tact::golden
