#include "common/model/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace tact {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::span<const std::byte> Bytes(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// A file with this header and this many bytes of data.
std::string FileOf(const std::string& header, size_t data_bytes) {
  const uint64_t size = header.size();
  return std::string(reinterpret_cast<const char*>(&size), 8) + header +
         std::string(data_bytes, '\0');
}

std::string Tensor(const std::string& name, const std::string& dtype, const std::string& shape,
                   const std::string& offsets) {
  return "\"" + name + R"(":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" +
         offsets + "}";
}

TEST(SafeTensorsTest, WritesAndReads) {
  const std::vector<float> values = {1, 2, 3, 4, 5, 6}, scalar = {7};
  const auto bytes = SerializeSafeTensors(
      {{"b", FloatView(values, {2, 3})}, {"a", FloatView(scalar, {})}}, {{"step", "5"}});
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  const auto file = SafeTensors::Parse(Bytes(*bytes), "x");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_THAT(file->names(), ElementsAre("a", "b"));
  EXPECT_EQ(file->Find("b")->shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(*ToFloat(*file->Find("b"), "b"), values);
  EXPECT_EQ(*ToFloat(*file->Find("a"), "a"), scalar);
  EXPECT_EQ(file->Find("c"), nullptr);
  EXPECT_EQ(file->metadata().at("format"), "pt");
  EXPECT_EQ(file->metadata().at("step"), "5");
}

TEST(SafeTensorsTest, BytesAreThoseOfTheFormat) {
  const std::vector<float> one = {1.0f};
  const auto bytes = SerializeSafeTensors({{"w", FloatView(one, {1})}});
  const std::string header =
      R"({"__metadata__":{"format":"pt"},"w":{"data_offsets":[0,4],"dtype":"F32","shape":[1]}})";
  const std::string padded = header + std::string((8 - header.size() % 8) % 8, ' ');
  EXPECT_EQ(*bytes, FileOf(padded, 0) + std::string("\0\0\x80\x3f", 4));
}

TEST(SafeTensorsTest, ConvertsToFloat) {
  const uint16_t bf16[] = {0x3F80, 0xC000, 0x7F80};
  const uint16_t half[] = {0x3C00, 0xC000, 0x0001, 0x7C00, 0x8000, 0x7BFF};
  const double f64[] = {0.5};
  const auto view = [](DType dtype, const auto& data) {
    const auto bytes = std::as_bytes(std::span(data));
    return TensorView{dtype, {static_cast<int64_t>(std::size(data))}, bytes};
  };
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_THAT(*ToFloat(view(DType::kBF16, bf16), "x"), ElementsAre(1, -2, kInfinity));
  EXPECT_THAT(*ToFloat(view(DType::kF16, half), "x"),
              ElementsAre(1, -2, 0x1p-24f, kInfinity, -0.0f, 65504));
  EXPECT_THAT(*ToFloat(view(DType::kF64, f64), "x"), ElementsAre(0.5f));
  const int64_t integers[] = {1};
  EXPECT_THAT(ToFloat(view(DType::kI64, integers), "x").status().ToString(),
              HasSubstr("x: expected a tensor of F32, F16, BF16 or F64, found I64"));
}

TEST(SafeTensorsTest, CorruptFilesNameFileTensorExpectedAndFound) {
  const std::string good = Tensor("a", "F32", "[2]", "[0,8]");
  struct Case {
    std::string bytes, message;
  };
  const std::vector<Case> cases = {
      {"", "begins with 8 bytes of header size, found 0 bytes"},
      {"short", "found 5 bytes"},
      {std::string("\xff\xff\xff\xff\xff\xff\xff\x7f{}", 10), "found a header size of 9223372036"},
      {FileOf("{" + good + "}", 7), "stay within the 7 bytes of data, found [0, 8]"},
      {FileOf("{" + good + "}", 9), "the tensors end at 8, found 9 bytes"},
      {FileOf("{", 0), "the header must be a JSON object"},
      {FileOf("[]", 0), "the header must be a JSON object"},
      {FileOf("{" + good + "," + good + "}", 8), "distinct names"},
      {FileOf("{" + Tensor("a", "F33", "[2]", "[0,8]") + "}", 8), "x: a: expected a known dtype"},
      {FileOf("{" + Tensor("a", "F32", "[-2]", "[0,8]") + "}", 8), "a shape"},
      {FileOf("{" + Tensor("a", "F32", "[2.0]", "[0,8]") + "}", 8), "a shape"},
      {FileOf("{" + Tensor("a", "F32", "[2]", "[8]") + "}", 8), "two data_offsets"},
      {FileOf("{" + Tensor("a", "F32", "[2]", "[8,0]") + "}", 8), "must rise"},
      {FileOf("{" + Tensor("a", "F64", "[2]", "[0,8]") + "}", 8),
       "x: a: shape [2] of F64 needs more bytes, found 8 bytes"},
      {FileOf("{" + Tensor("a", "BF16", "[2]", "[0,8]") + "}", 8),
       "x: a: shape [2] of BF16 needs 4 bytes, found 8 bytes"},
      {FileOf("{" + Tensor("a", "F32", "[1099511627776,1099511627776]", "[0,8]") + "}", 8),
       "needs more"},
      {FileOf("{" + Tensor("a", "F32", "[9223372036854775807,0]", "[0,0]") + "}", 0),
       "dimensions above"},
      {FileOf("{" + good + "," + Tensor("b", "F32", "[1]", "[4,8]") + "}", 8),
       "x: b: its data_offsets overlap the tensor before, expected to begin at 8, found 4"},
      {FileOf("{" + good + "," + Tensor("b", "F32", "[1]", "[12,16]") + "}", 16),
       "x: b: its data_offsets leave a hole, expected to begin at 8, found 12"},
      {FileOf(R"({"__metadata__":{"a":1}})", 0), "__metadata__: expected a map of strings"},
      {FileOf(std::string(10000, '['), 0), "the header must be a JSON object"}};
  for (const Case& c : cases) {
    const auto file = SafeTensors::Parse(Bytes(c.bytes), "x");
    ASSERT_FALSE(file.ok()) << c.message;
    EXPECT_EQ(file.status().code(), absl::StatusCode::kInvalidArgument) << c.message;
    EXPECT_THAT(file.status().ToString(), HasSubstr(c.message));
  }
}

TEST(SafeTensorsTest, NoCutAndNoFlippedByteCrashes) {
  const std::vector<float> values(6, 1.0f);
  const std::string good = *SerializeSafeTensors(
      {{"first", FloatView(values, {2, 3})}, {"second", FloatView(values, {6})}});
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(SafeTensors::Parse(Bytes(good.substr(0, size)), "x").ok()) << size;
  }
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    std::string bad = good;
    bad[random() % (good.size() - 48)] = static_cast<char>(random());
    const auto file = SafeTensors::Parse(Bytes(bad), "x");
    if (!file.ok()) continue;
    for (const auto& [name, view] : file->tensors()) {
      EXPECT_EQ(view.data.size(), static_cast<size_t>(view.num_elements()) * DTypeSize(view.dtype));
    }
  }
}

TEST(SafeTensorsTest, RefusesToWriteAShapeThatIsNotItsData) {
  const std::vector<float> values(6);
  EXPECT_FALSE(SerializeSafeTensors({{"a", FloatView(values, {7})}}).ok());
}

}  // namespace
}  // namespace tact
