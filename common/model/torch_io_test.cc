#include "common/model/torch_io.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file.h"
#include "common/model/test_support.h"
#include "common/model/torch_file.h"

namespace tact {
namespace {

TEST(TorchIoTest, EveryTypeAndStrideComesBack) {
  const at::Tensor grid = at::arange(6, at::kFloat).reshape({2, 3});
  const std::vector<NamedTensor> tensors = {{"f32", grid},
                                            {"turned", grid.t()},
                                            {"bf16", grid.to(at::kBFloat16)},
                                            {"f16", grid.to(at::kHalf)},
                                            {"i64", grid.to(at::kLong)},
                                            {"bool", grid.gt(2)},
                                            {"scalar", at::ones({}, at::kDouble)},
                                            {"empty", at::empty({0, 3}, at::kFloat)}};
  const TemporaryFolder folder;
  ASSERT_TRUE(WriteTensors(folder.path() / "x.safetensors", tensors, {{"step", "3"}}).ok());
  const auto read = ReadTensors(folder.path() / "x.safetensors");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->size(), tensors.size());
  for (const NamedTensor& item : tensors) {
    EXPECT_EQ(read->At(item.name).scalar_type(), item.tensor.scalar_type()) << item.name;
    EXPECT_TRUE(SameBits(read->At(item.name), item.tensor)) << item.name;
  }
}

TEST(TorchIoTest, TwoTensorsOfOneNameAreAnError) {
  const TemporaryFolder folder;
  const at::Tensor one = at::ones({1});
  const auto path = folder.path() / "x.safetensors";
  EXPECT_THAT(WriteTensors(path, {{"a", one}, {"a", one}}).ToString(),
              testing::HasSubstr("two tensors have the name a"));
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(TorchIoTest, AGeneratorGoesOnFromItsState) {
  at::Generator first = MakeGenerator(9), second = MakeGenerator(1);
  at::empty({10}).normal_(0, 1, first);
  const at::Tensor state = GeneratorState(first);
  const at::Tensor expected = at::empty({10}).normal_(0, 1, first);
  ASSERT_TRUE(SetGeneratorState(second, state).ok());
  EXPECT_TRUE(SameBits(at::empty({10}).normal_(0, 1, second), expected));
  EXPECT_FALSE(SetGeneratorState(second, at::zeros({3}, at::kByte)).ok());
}

TEST(TorchIoTest, WhatTorchLoadReads) {
  const TemporaryFolder folder;
  const at::Tensor matrix = at::arange(6, at::kFloat).reshape({2, 3});
  const std::vector<NamedTensor> tensors = {{"b", matrix.t()}, {"a", at::ones({}, at::kLong)}};
  for (const char* file : {"x.bin", "y.bin"}) {
    ASSERT_TRUE(WriteTensors(folder.path() / file, tensors).ok());
  }
  const auto read = TorchFile::Open(folder.path() / "x.bin");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(SameBits(*ToTensor(read->tensors().find("b")->second), matrix.t()));
  EXPECT_TRUE(SameBits(*ToTensor(read->tensors().find("a")->second), at::ones({}, at::kLong)));
  EXPECT_EQ(*ReadFile(folder.path() / "x.bin"), *ReadFile(folder.path() / "y.bin"));
}

}  // namespace
}  // namespace tact
