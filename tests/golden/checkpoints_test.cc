// Every form in which the reference stack saves weights gives the same tensors.
#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include "common/model/checkpoint.h"
#include "common/model/t5_model.h"
#include "services/policy/engine/snapshot.h"
#include "tests/golden/reference.h"

namespace tact::golden {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> Folders(const char* kind) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(ReferenceFolder() / kind)) {
    out.push_back(entry.path());
  }
  return out;
}

std::unique_ptr<T5Model> LoadT5(const std::string& name) {
  auto model = T5Model::Load(ReferenceFolder() / "models" / name);
  EXPECT_TRUE(model.ok()) << model.status();
  return model.ok() ? *std::move(model) : nullptr;
}

void ExpectSameBits(const std::string& name, const std::string& other) {
  SCOPED_TRACE(other);
  const auto a = LoadT5(name), b = LoadT5(other);
  ASSERT_TRUE(a != nullptr && b != nullptr);
  ASSERT_EQ(a->parameters().size(), b->parameters().size());
  for (const NamedTensor& item : a->parameters().items()) {
    const at::Tensor& tensor = b->parameters().At(item.name);
    ASSERT_EQ(tensor.sizes(), item.tensor.sizes()) << item.name;
    EXPECT_EQ(std::memcmp(tensor.data_ptr(), item.tensor.data_ptr(), tensor.nbytes()), 0)
        << item.name;
  }
}

TEST(GoldenCheckpoints, EveryFormHoldsTheSameBits) {
  ExpectSameBits("t5_training", "t5_training_bin");
  ExpectSameBits("t5_training_tied", "t5_training_tied_bin_shards");
  ExpectSameBits("t5_training_tied", "t5_training_tied_safetensors_shards");
}

TEST(GoldenCheckpoints, TiedCopiesOfTorchAreTheSharedTensor) {
  for (const char* name : {"t5_training_bin", "t5_training_tied_bin_shards"}) {
    const auto checkpoint = Checkpoint::Open(ReferenceFolder() / "models" / name).value();
    const TensorView& shared = *checkpoint.Find("shared.weight");
    for (const char* alias : {"encoder.embed_tokens.weight", "decoder.embed_tokens.weight"}) {
      const TensorView* view = checkpoint.Find(alias);
      ASSERT_NE(view, nullptr) << alias;
      EXPECT_TRUE(std::ranges::equal(view->data, shared.data)) << alias;
    }
  }
}

void ExpectReadable(const Checkpoint& checkpoint) {
  ASSERT_FALSE(checkpoint.names().empty());
  for (const std::string& name : checkpoint.names()) {
    const TensorView& view = *checkpoint.Find(name);
    EXPECT_EQ(view.data.size(), static_cast<size_t>(view.num_elements()) * DTypeSize(view.dtype));
    if (view.dtype == DType::kI64) continue;  // position_ids
    const auto values = ToFloat(view, name);
    ASSERT_TRUE(values.ok()) << values.status();
    for (const float value : *values) ASSERT_TRUE(std::isfinite(value)) << name;
  }
}

TEST(GoldenCheckpoints, EveryFolderIsReadable) {
  size_t used = 0, served = 0;
  const std::vector<fs::path> models = Folders("models"), adapters = Folders("adapters");
  for (const fs::path& folder : models) {
    SCOPED_TRACE(folder);
    const auto checkpoint = Checkpoint::Open(folder);
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
    ExpectReadable(*checkpoint);
    ++used;
    if (DetectModelType(folder).value() != ModelType::kT5) continue;
    const auto snapshot =
        BuildSnapshot(T5Config::Load(folder).value(), TensorSource(*checkpoint), {});
    EXPECT_TRUE(snapshot.ok()) << snapshot.status();
    ++served;
  }
  for (const fs::path& folder : adapters) {
    SCOPED_TRACE(folder);
    const auto checkpoint = Checkpoint::OpenAdapter(folder);
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
    ExpectReadable(*checkpoint);
    ++used;
  }
  EXPECT_EQ(served, 7u);
  PrintShare("checkpoints", used, models.size() + adapters.size());
}

}  // namespace
}  // namespace tact::golden
