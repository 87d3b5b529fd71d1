#include "common/model/torch_file.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/model/pickle.h"

namespace tact {
namespace {

using Kind = PickleValue::Kind;

constexpr uint64_t kMaxPickle = uint64_t{16} << 20;  // a hundred thousand tensors' worth
constexpr char kPickle[] = "/data.pkl";
constexpr char kFix[] = "save or download the file again, as safetensors where you can";

absl::Status Corrupt(std::string_view where, const std::string& found, const std::string& problem) {
  return MakeError(absl::StatusCode::kInvalidArgument,
                   {"CORRUPT_TORCH_FILE", std::string(where), found, kFix}, problem);
}

absl::Status CheckFormat(std::span<const std::byte> bytes, std::string_view file) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.starts_with("PK\3\4")) return absl::OkStatus();
  if (!text.starts_with("\x80")) {
    return Corrupt(file, StrCat(bytes.size(), " bytes"), "this is no file of torch.save");
  }
  return MakeError(
      absl::StatusCode::kInvalidArgument,
      {"LEGACY_TORCH_FILE", std::string(file), "a bare pickle",
       "load and save it once with PyTorch 1.6 or later, as safetensors where you can"},
      "this is the format of PyTorch before 1.6, expected a zip archive");
}

struct Shape {
  std::vector<uint64_t> sizes, strides;
};

std::optional<std::vector<uint64_t>> Dimensions(const PickleValue& tuple) {
  std::vector<uint64_t> out;
  if (tuple.items.size() > kMaxRank) return std::nullopt;
  for (const PickleValue* item : tuple.items) {
    if (item->kind != Kind::kInt || item->integer < 0) return std::nullopt;
    out.push_back(static_cast<uint64_t>(item->integer));
    if (out.back() > kMaxDimension) return std::nullopt;
  }
  return out;
}

std::string ShapeText(const PickleValue& tuple) {
  std::vector<int64_t> numbers;
  for (const PickleValue* item : tuple.items) numbers.push_back(item->integer);
  return ShapeString(numbers);
}

// Elements of a storage that the tensor reaches, counted from the storage's start. Sizes and
// strides are below 2^40 and there are 16 at most, so 128 bits hold it.
unsigned __int128 Reach(uint64_t offset, const Shape& shape) {
  if (std::ranges::find(shape.sizes, 0u) != shape.sizes.end()) return 0;
  unsigned __int128 last = offset;
  for (size_t i = 0; i < shape.sizes.size(); ++i) {
    last += static_cast<unsigned __int128>(shape.sizes[i] - 1) * shape.strides[i];
  }
  return last + 1;
}

bool IsContiguous(const Shape& shape) {
  uint64_t step = 1;
  for (size_t i = shape.sizes.size(); i-- > 0;) {
    if (shape.sizes[i] != 1 && shape.strides[i] != step) return false;
    step *= shape.sizes[i];
  }
  return true;
}

// Copies a tensor of any strides row by row; `from` is its first element.
void Gather(const std::byte* from, const Shape& shape, size_t element, size_t dimension,
            std::byte*& to) {
  if (dimension == shape.sizes.size()) {
    std::memcpy(to, from, element);
    to += element;
    return;
  }
  for (uint64_t i = 0; i < shape.sizes[dimension]; ++i) {
    Gather(from + i * shape.strides[dimension] * element, shape, element, dimension + 1, to);
  }
}

class Reader {
 public:
  Reader(ZipArchive archive, std::string_view file, uint64_t bytes)
      : archive_(std::move(archive)), file_(file), copies_left_(MaxInflated(bytes)) {}

  absl::Status Read(TensorViews& tensors) {
    RETURN_IF_ERROR(FindRoot());
    RETURN_IF_ERROR(CheckByteOrder());
    const std::string entry = root_ + kPickle;
    ASSIGN_OR_RETURN(const uint64_t size, archive_.SizeOf(entry));
    if (size > kMaxPickle) {
      return Corrupt(Where(entry), StrCat(size, " bytes"),
                     StrCat("expected ", kMaxPickle, " bytes at most"));
    }
    ASSIGN_OR_RETURN(const ByteBuffer bytes, archive_.Read(entry));
    ASSIGN_OR_RETURN(const Pickle pickle, Pickle::Parse(bytes.bytes(), Where(entry)));
    return ReadDict(pickle.root(), tensors);
  }
  std::vector<ByteBuffer> TakeBuffers() { return std::move(buffers_); }

 private:
  std::string Where(std::string_view what) const { return StrCat(file_, ": ", what); }

  // Everything lies in one folder of the archive, named as its writer likes.
  absl::Status FindRoot() {
    for (const std::string& name : archive_.names()) {
      if (!name.ends_with(kPickle)) continue;
      if (!root_.empty()) return Corrupt(file_, name, "there is more than one data.pkl");
      root_ = name.substr(0, name.size() - std::strlen(kPickle));
    }
    if (!root_.empty()) return absl::OkStatus();
    return Corrupt(file_, "an archive without data.pkl", "this is no file of torch.save");
  }

  absl::Status CheckByteOrder() {
    const std::string entry = root_ + "/byteorder";
    if (!archive_.SizeOf(entry).ok()) return absl::OkStatus();  // before PyTorch 2.1
    ASSIGN_OR_RETURN(const ByteBuffer bytes, archive_.Read(entry));
    const std::string order(reinterpret_cast<const char*>(bytes.data.get()), bytes.size);
    if (order == "little") return absl::OkStatus();
    return Corrupt(Where(entry), order, "tact reads numbers in little-endian order only");
  }

  absl::Status ReadDict(const PickleValue& root, TensorViews& tensors) {
    if (root.kind != Kind::kDict) {
      return Corrupt(file_, std::string(KindName(root.kind)), "expected a dict of tensors by name");
    }
    for (size_t i = 0; i + 1 < root.items.size(); i += 2) {
      const PickleValue &key = *root.items[i], &value = *root.items[i + 1];
      if (key.kind != Kind::kString || value.kind != Kind::kTensor) {
        return Corrupt(key.kind == Kind::kString ? Where(key.text) : file_,
                       StrCat(KindName(key.kind), " -> ", KindName(value.kind)),
                       "expected a dict of tensors by name, as model.state_dict() is");
      }
      ASSIGN_OR_RETURN(TensorView view, ReadTensor(Where(key.text), value));
      if (!tensors.emplace(key.text, std::move(view)).second) {
        return Corrupt(Where(key.text), "two", "expected one tensor of each name");
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<TensorView> ReadTensor(const std::string& where, const PickleValue& tensor) {
    const PickleValue& storage = *tensor.items[0];
    const auto sizes = Dimensions(*tensor.items[1]), strides = Dimensions(*tensor.items[2]);
    if (!sizes || !strides || sizes->size() != strides->size() || tensor.integer < 0) {
      return Corrupt(where,
                     StrCat(ShapeText(*tensor.items[1]), " and ", ShapeText(*tensor.items[2])),
                     "expected sizes and strides of one number for each dimension, 16 at most, "
                     "none negative or above 2^40");
    }
    const Shape shape{*sizes, *strides};
    ASSIGN_OR_RETURN(const std::span<const std::byte> bytes, ReadStorage(where, storage));
    const uint64_t offset = static_cast<uint64_t>(tensor.integer);
    if (Reach(offset, shape) > static_cast<uint64_t>(storage.integer)) {
      return Corrupt(
          where,
          StrCat(ShapeText(*tensor.items[1]), " with strides ", ShapeText(*tensor.items[2]),
                 " from ", offset),
          StrCat("the tensor reaches beyond its storage of ", storage.integer, " elements"));
    }
    TensorView view{storage.dtype, {sizes->begin(), sizes->end()}, {}};
    if (std::ranges::find(*sizes, 0u) != sizes->end()) return view;
    ASSIGN_OR_RETURN(view.data, Contiguous(where, bytes.subspan(offset * DTypeSize(view.dtype)),
                                           shape, view.dtype));
    return view;
  }

  // The tensor's own bytes, where they lie one after the other, or a copy of them.
  absl::StatusOr<std::span<const std::byte>> Contiguous(const std::string& where,
                                                        std::span<const std::byte> from,
                                                        const Shape& shape, DType dtype) {
    if (IsContiguous(shape)) return from.first(*ByteSize(shape.sizes, dtype, from.size()));
    const auto size = ByteSize(shape.sizes, dtype, copies_left_);
    if (!size) {
      return Corrupt(where, StrCat(copies_left_, " bytes left for copies"),
                     "strides spread the storage over more bytes than a file of this size may");
    }
    copies_left_ -= *size;
    buffers_.push_back({std::make_unique_for_overwrite<std::byte[]>(*size), *size});
    std::byte* to = buffers_.back().data.get();
    Gather(from.data(), shape, DTypeSize(dtype), 0, to);
    return buffers_.back().bytes();
  }

  // Whole, and once for all tensors that share it.
  absl::StatusOr<std::span<const std::byte>> ReadStorage(const std::string& where,
                                                         const PickleValue& storage) {
    const std::string entry = StrCat(root_, "/data/", storage.text);
    ASSIGN_OR_RETURN(const uint64_t size, archive_.SizeOf(entry));
    const uint64_t element = DTypeSize(storage.dtype);
    if (storage.integer < 0 || size % element != 0 ||
        size / element != static_cast<uint64_t>(storage.integer)) {
      return Corrupt(where, StrCat(size, " bytes in ", entry),
                     StrCat("expected ", storage.integer, " elements of ", DTypeName(storage.dtype),
                            " in its storage"));
    }
    const auto known = storages_.find(entry);
    if (known != storages_.end()) return known->second;
    ASSIGN_OR_RETURN(ByteBuffer buffer, archive_.Read(entry));
    buffers_.push_back(std::move(buffer));
    return storages_[entry] = buffers_.back().bytes();
  }

  ZipArchive archive_;
  std::string file_, root_;
  uint64_t copies_left_;
  std::vector<ByteBuffer> buffers_;
  std::map<std::string, std::span<const std::byte>, std::less<>> storages_;
};

}  // namespace

absl::StatusOr<TorchFile> TorchFile::Parse(std::span<const std::byte> bytes,
                                           std::string_view name) {
  RETURN_IF_ERROR(CheckFormat(bytes, name));
  ASSIGN_OR_RETURN(ZipArchive archive, ZipArchive::Open(bytes, name));
  Reader reader(std::move(archive), name, bytes.size());
  TorchFile out;
  RETURN_IF_ERROR(reader.Read(out.tensors_));
  out.buffers_ = reader.TakeBuffers();
  return out;
}

absl::StatusOr<TorchFile> TorchFile::Open(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const auto file, MappedFile::Open(path));
  return Parse(file->bytes(), path.string());
}

}  // namespace tact
