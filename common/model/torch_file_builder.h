// Files as torch.save writes them, and broken ones, for tests and the fuzzer.
#ifndef TACT_COMMON_MODEL_TORCH_FILE_BUILDER_H_
#define TACT_COMMON_MODEL_TORCH_FILE_BUILDER_H_

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/model/pickle_writer.h"
#include "common/model/zip_archive.h"

namespace tact {

using NamedBytes = std::vector<std::pair<std::string, std::string>>;

inline std::span<const std::byte> ViewOf(const std::string& bytes) {
  return std::as_bytes(std::span(bytes.data(), bytes.size()));
}

inline std::string MakeZip(const NamedBytes& entries, bool deflate = false) {
  std::vector<ZipEntry> views;
  for (const auto& [name, bytes] : entries) views.push_back({name, ViewOf(bytes)});
  return SerializeZip(views, deflate).value();
}

struct TorchTensor {
  std::string name, type, key;  // e.g. "w", "FloatStorage", "0"
  int64_t elements = 0;         // of the storage
  int64_t offset = 0;
  std::vector<int64_t> sizes, strides;
};

// data.pkl of an OrderedDict of tensors, with the _metadata of a state_dict.
inline std::string MakePickle(const std::vector<TorchTensor>& tensors) {
  PickleWriter out;
  out.Raw("\x80\x02").EmptyOrderedDict().Raw("(");
  for (const TorchTensor& t : tensors) {
    out.Text(t.name).Global("torch._utils", "_rebuild_tensor_v2").Raw("(");
    out.Storage(t.type, t.key, t.elements).Int(t.offset).Tuple(t.sizes).Tuple(t.strides);
    out.Raw("\x89").EmptyOrderedDict().Raw("tR");
  }
  return out.Raw("u}").Text("_metadata").Raw("}sb.").text();
}

// A whole file: the pickle and the storages by key.
inline std::string MakeTorchFile(const std::string& pickle, const NamedBytes& storages,
                                 bool deflate = false) {
  NamedBytes entries = {{"archive/data.pkl", pickle}};
  for (const auto& [key, bytes] : storages) entries.push_back({"archive/data/" + key, bytes});
  entries.push_back({"archive/version", "3\n"});
  return MakeZip(entries, deflate);
}

// The little-endian bytes of values.
template <typename T>
std::string BytesOf(const std::vector<T>& values) {
  std::string out(values.size() * sizeof(T), '\0');
  if (!out.empty()) std::memcpy(out.data(), values.data(), out.size());
  return out;
}

}  // namespace tact

#endif  // TACT_COMMON_MODEL_TORCH_FILE_BUILDER_H_
