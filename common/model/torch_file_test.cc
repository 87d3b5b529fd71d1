#include "common/model/torch_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "common/model/pickle.h"
#include "common/model/torch_file_builder.h"

namespace tact {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string kSix = BytesOf<float>({1, 2, 3, 4, 5, 6});

TorchTensor OfSix(const std::string& name, std::vector<int64_t> sizes, std::vector<int64_t> strides,
                  int64_t offset = 0) {
  return {name, "FloatStorage", "0", 6, offset, std::move(sizes), std::move(strides)};
}

absl::StatusOr<TorchFile> Parse(const std::vector<TorchTensor>& tensors,
                                const NamedBytes& storages = {{"0", kSix}}, bool deflate = false) {
  return TorchFile::Parse(ViewOf(MakeTorchFile(MakePickle(tensors), storages, deflate)), "x.bin");
}

std::string ErrorOf(const std::string& file) {
  const auto parsed = TorchFile::Parse(ViewOf(file), "x.bin");
  return parsed.ok() ? "no error" : parsed.status().ToString();
}

TEST(TorchFileTest, SharedStoragesOffsetsAndStrides) {
  for (const bool deflate : {false, true}) {
    const auto file = Parse({OfSix("all", {2, 3}, {3, 1}), OfSix("transposed", {3, 2}, {1, 3}),
                             OfSix("tail", {2}, {1}, 4), OfSix("scalar", {}, {}, 5),
                             OfSix("repeated", {2, 2}, {0, 2}, 1), OfSix("empty", {0, 7}, {7, 1})},
                            {{"0", kSix}}, deflate);
    ASSERT_TRUE(file.ok()) << file.status();
    const auto values = [&](const char* name) {
      return *ToFloat(file->tensors().find(name)->second, name);
    };
    EXPECT_THAT(values("all"), ElementsAre(1, 2, 3, 4, 5, 6));
    EXPECT_THAT(values("transposed"), ElementsAre(1, 4, 2, 5, 3, 6));
    EXPECT_THAT(values("tail"), ElementsAre(5, 6));
    EXPECT_THAT(values("scalar"), ElementsAre(6));
    EXPECT_THAT(values("repeated"), ElementsAre(2, 4, 2, 4));
    EXPECT_THAT(values("empty"), ElementsAre());
    EXPECT_THAT(file->tensors().find("transposed")->second.shape, ElementsAre(3, 2));
  }
}

TEST(TorchFileTest, EveryTypeOfStorage) {
  struct Case {
    const char* type;
    DType dtype;
    std::string bytes;
  };
  const std::vector<Case> cases = {{"DoubleStorage", DType::kF64, BytesOf<double>({1, 2})},
                                   {"FloatStorage", DType::kF32, BytesOf<float>({1, 2})},
                                   {"HalfStorage", DType::kF16, BytesOf<uint16_t>({1, 2})},
                                   {"BFloat16Storage", DType::kBF16, BytesOf<uint16_t>({1, 2})},
                                   {"LongStorage", DType::kI64, BytesOf<int64_t>({1, 2})},
                                   {"IntStorage", DType::kI32, BytesOf<int32_t>({1, 2})},
                                   {"ShortStorage", DType::kI16, BytesOf<int16_t>({1, 2})},
                                   {"CharStorage", DType::kI8, BytesOf<int8_t>({1, 2})},
                                   {"ByteStorage", DType::kU8, BytesOf<uint8_t>({1, 2})},
                                   {"BoolStorage", DType::kBool, BytesOf<uint8_t>({1, 0})}};
  for (const Case& c : cases) {
    const auto file = Parse({{"w", c.type, "0", 2, 0, {2}, {1}}}, {{"0", c.bytes}});
    ASSERT_TRUE(file.ok()) << file.status();
    const TensorView& view = file->tensors().find("w")->second;
    EXPECT_EQ(view.dtype, c.dtype) << c.type;
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(view.data.data()), view.data.size()),
              c.bytes);
  }
}

TEST(TorchFileTest, TensorsThatAreNotInTheirStorage) {
  struct Case {
    TorchTensor tensor;
    const char* message;
  };
  TorchTensor other_size = OfSix("w", {2}, {1}), no_entry = other_size, other_type = other_size;
  other_size.elements = 7;
  no_entry.key = "1";
  other_type.type = "DoubleStorage";
  const std::vector<Case> cases = {
      {OfSix("w", {7}, {1}), "x.bin: w: the tensor reaches beyond its storage of 6 elements"},
      {OfSix("w", {6}, {1}, 1), "found [6] with strides [1] from 1"},
      {OfSix("w", {2, 3}, {4, 1}), "reaches beyond"},
      {OfSix("w", {2}, {-1}), "none negative"},
      {OfSix("w", {-2}, {1}), "none negative"},
      {OfSix("w", {2}, {1}, -1), "none negative"},
      {OfSix("w", {2, 1}, {1}), "one number for each dimension"},
      {OfSix("w", {int64_t{1} << 62}, {0}), "above 2^40"},
      {OfSix("w", {int64_t{1} << 40, int64_t{1} << 40}, {1, 1}), "reaches beyond"},
      {OfSix("w", {int64_t{1} << 40, int64_t{1} << 40}, {0, 0}), "bytes left for copies"},
      {OfSix("w", std::vector<int64_t>(17, 1), std::vector<int64_t>(17, 1)), "16 at most"},
      {other_size, "x.bin: w: expected 7 elements of F32 in its storage, found 24 bytes in archi"},
      {other_type, "expected 6 elements of F64 in its storage, found 24 bytes"},
      {no_entry, "archive/data/1: the archive has no such entry"}};
  for (const Case& c : cases) {
    const auto file = Parse({c.tensor});
    ASSERT_FALSE(file.ok()) << c.message;
    EXPECT_THAT(file.status().ToString(), HasSubstr(c.message));
  }
  EXPECT_THAT(Parse({OfSix("w", {2}, {1}), OfSix("w", {3}, {1})}).status().ToString(),
              HasSubstr("x.bin: w: expected one tensor of each name"));
}

// The error of a file with this pickle, behind the header of protocol 2.
std::string PickleError(const std::string& body) {
  return ErrorOf(MakeTorchFile("\x80\x02" + body, {}));
}

TEST(TorchFileTest, NothingButTensorsIsBuilt) {
  EXPECT_THAT(PickleError("cposix\nsystem\n(X."),
              AllOf(HasSubstr("x.bin: archive/data.pkl: the pickle names"),
                    HasSubstr("never runs the code of a file, found posix.system"),
                    HasSubstr("save the model as safetensors")));
  EXPECT_THAT(PickleError("\x8c\x08"
                          "builtins\x8c\x04"
                          "eval\x93."),
              HasSubstr("builtins.eval"));
  EXPECT_THAT(PickleError("ctorch\nFloatStorage\n)R."), HasSubstr("not in the archive"));
  EXPECT_THAT(PickleError("(i__main__\nA\n."), HasSubstr("an opcode that no tensor needs"));
  EXPECT_THAT(PickleError("]}b."), HasSubstr("sets attributes of an object"));
}

TEST(TorchFileTest, PicklesThatAreNoDictOfTensors) {
  struct Case {
    std::string body;
    const char* message;
  };
  const std::string tensor = "ctorch._utils\n_rebuild_tensor_v2\n";
  const std::vector<Case> cases = {
      {"].", "x.bin: expected a dict of tensors by name, found list"},
      {"}X\x01" + std::string(3, '\0') + "aK\x01s.",
       "x.bin: a: expected a dict of tensors by name"},
      {"}K\x01K\x01s.", "found int -> int"},
      {"", "the pickle ends where 1 more bytes are expected, found 0 bytes"},
      {".", "ends with one value"},
      {"}}.", "ends with one value and no bytes left, found 2 values"},
      {"}.x", "found 1 values and 1 bytes"},
      {"(}.", "ends with one value"},
      {"t.", "expected a mark"},
      {"}K\x01(s.", "the stack must hold 2 values here, found 0 values"},
      {"}(K\x01u.", "as many values as keys"},
      {"(K\x01"
       "d.",
       "as many values as keys"},
      {"K\x01K\x01"
       "a.",
       "expected a value of type list, found int"},
      {"h\x05.", "the memo has no such value, found 5"},
      {"X\xff\xff\xff\x7f.", "where 2147483647 more bytes are expected"},
      {"\x8d\xff\xff\xff\xff\xff\xff\xff\xff.", "more bytes are expected"},
      {"\x8a\x09.........", "64 bits at most"},
      {"\x80\x06}.", "protocols go up to 5"},
      {"ccollections", "more bytes are expected"},
      {"K\x01Q.", "expected a value of type tuple"},
      {")Q.", "a persistent id is"},
      {"ccollections\nOrderedDict\n(]tR.", "expected an empty OrderedDict"},
      {tensor + ")R.", "a tensor is made of a storage"},
      {"ctorch._utils\n_rebuild_parameter\n)R.", "a parameter is made of a tensor"},
      {std::string(1'000'001, ')') + ".", "more than the tensors of a model need"}};
  for (const Case& c : cases) {
    EXPECT_THAT(PickleError(c.body), HasSubstr(c.message)) << c.body.substr(0, 40);
  }
}

TEST(TorchFileTest, CirclesAndParametersAreHarmless) {
  EXPECT_THAT(PickleError("]q\x01h\x01"
                          "a."),
              HasSubstr("found list"));  // holds itself
  const std::vector<int64_t> six = {6}, one = {1};
  PickleWriter body;
  body.Raw("\x80\x02}").Text("w").Global("torch._utils", "_rebuild_parameter").Raw("(");
  body.Global("torch._utils", "_rebuild_tensor_v2").Raw("(").Storage("FloatStorage", "0", 6);
  body.Int(0).Tuple(six).Tuple(one).Raw("\x89}tR\x88}tRs.");
  const std::string bytes = MakeTorchFile(body.text(), {{"0", kSix}});
  const auto file = TorchFile::Parse(ViewOf(bytes), "x.bin");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_THAT(*ToFloat(file->tensors().find("w")->second, "w"), ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(TorchFileTest, ArchivesThatAreNone) {
  const std::string pickle = MakePickle({});
  const auto little = [&](const std::string& order) {
    return MakeZip({{"a/data.pkl", pickle}, {"a/byteorder", order}});
  };
  EXPECT_EQ(ErrorOf(little("little")), "no error");
  EXPECT_THAT(ErrorOf(little("big")),
              HasSubstr("x.bin: a/byteorder: tact reads numbers in little"));
  EXPECT_THAT(ErrorOf(""), HasSubstr("no file of torch.save, found 0 bytes"));
  EXPECT_THAT(ErrorOf("hello"), HasSubstr("no file of torch.save"));
  EXPECT_THAT(ErrorOf("\x80\x02\x8a\nl\xfc\x9c"), HasSubstr("PyTorch before 1.6, expected a zip"));
  EXPECT_THAT(ErrorOf("PK\3\4 and no more"), HasSubstr("cannot be read as a zip archive"));
  EXPECT_THAT(ErrorOf(MakeZip({{"a/version", "3"}})), HasSubstr("archive without data.pkl"));
  EXPECT_THAT(ErrorOf(MakeZip({{"a/data.pkl", pickle}, {"b/data.pkl", pickle}})),
              HasSubstr("more than one data.pkl"));
  EXPECT_THAT(ErrorOf(MakeZip({{"a/data.pkl", std::string(17 << 20, ')')}}, true)),
              HasSubstr("a/data.pkl: expected 16777216 bytes at most, found 17825792 bytes"));
}

// A zip64 end record that claims a billion entries, where libzip would make room for them.
TEST(TorchFileTest, AnArchiveThatClaimsABillionEntries) {
  std::string bytes = MakeTorchFile(MakePickle({}), {});
  const size_t end = bytes.rfind("PK\5\6");
  std::string record("PK\6\6", 4);
  record += BytesOf<uint64_t>({44}) + std::string(12, '\0') +
            BytesOf<uint64_t>({1'000'000'000, 1'000'000'000, 46, 0});
  std::string locator("PK\6\7", 4);
  locator += std::string(4, '\0') + BytesOf<uint64_t>({end}) + std::string("\1\0\0\0", 4);
  bytes.insert(end, record + locator);
  EXPECT_THAT(ErrorOf(bytes), HasSubstr("cannot hold so many entries, found 1000000000 entries"));
}

TEST(TorchFileTest, DeflatedEntriesHaveALimit) {
  const int64_t elements = 20 << 20;  // 80 MiB of zeros, which deflate to 80 KiB
  const std::string zeros(static_cast<size_t>(elements) * 4, '\0');
  const auto file = Parse({{"w", "FloatStorage", "0", elements, 0, {elements}, {1}}},
                          {{"0", zeros}}, /*deflate=*/true);
  EXPECT_THAT(file.status().ToString(), HasSubstr("claim more than an archive of this size may"));
}

TEST(TorchFileTest, NoCutIsRead) {
  const std::string good = MakeTorchFile(MakePickle({OfSix("w", {2, 3}, {3, 1})}), {{"0", kSix}});
  ASSERT_EQ(ErrorOf(good), "no error");
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_NE(ErrorOf(good.substr(0, size)), "no error") << size;
  }
}

TEST(TorchFileTest, AFlippedBitOfTheDataIsFound) {
  const std::string good = MakeTorchFile(MakePickle({OfSix("w", {2, 3}, {3, 1})}), {{"0", kSix}});
  const size_t data = good.find(kSix);
  ASSERT_NE(data, std::string::npos);
  for (size_t bit = 0; bit < kSix.size() * 8; ++bit) {
    std::string bad = good;
    bad[data + bit / 8] ^= static_cast<char>(1 << bit % 8);
    EXPECT_THAT(ErrorOf(bad), HasSubstr("bytes with the right checksum")) << bit;
  }
}

TEST(TorchFileTest, NoFlippedByteMakesATensorThatIsNotItsData) {
  const std::string pickle = MakePickle({OfSix("w", {2, 3}, {3, 1}), OfSix("t", {3, 2}, {1, 3})});
  std::mt19937 random(1);
  for (int i = 0; i < 3000; ++i) {  // in the pickle, under a checksum that is right again
    std::string bad = pickle;
    bad[random() % bad.size()] = static_cast<char>(random());
    const auto file = TorchFile::Parse(ViewOf(MakeTorchFile(bad, {{"0", kSix}})), "x.bin");
    if (!file.ok()) continue;
    for (const auto& [name, view] : file->tensors()) {
      EXPECT_EQ(view.data.size(), static_cast<size_t>(view.num_elements()) * DTypeSize(view.dtype));
    }
  }
}

}  // namespace
}  // namespace tact
