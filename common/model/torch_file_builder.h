// Writes files as torch.save does, and broken ones, for tests and the fuzzer.
#ifndef TACT_COMMON_MODEL_TORCH_FILE_BUILDER_H_
#define TACT_COMMON_MODEL_TORCH_FILE_BUILDER_H_

#include <zip.h>

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tact {

using ZipEntries = std::vector<std::pair<std::string, std::string>>;

// An archive of these entries, stored or deflated.
inline std::string MakeZip(const ZipEntries& entries, bool deflate = false) {
  zip_source_t* source = zip_source_buffer_create(nullptr, 0, 0, nullptr);
  zip_source_keep(source);
  zip_t* archive = zip_open_from_source(source, ZIP_TRUNCATE, nullptr);
  for (const auto& [name, content] : entries) {
    zip_source_t* bytes = zip_source_buffer(archive, content.data(), content.size(), 0);
    const int64_t at = zip_file_add(archive, name.c_str(), bytes, ZIP_FL_ENC_UTF_8);
    zip_set_file_compression(archive, at, deflate ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0);
  }
  zip_close(archive);
  zip_stat_t stat;
  zip_source_stat(source, &stat);
  std::string out(stat.size, '\0');
  zip_source_open(source);
  zip_source_read(source, out.data(), out.size());
  zip_source_close(source);
  zip_source_free(source);
  return out;
}

// Opcodes and values of a pickle.
class PickleText {
 public:
  PickleText& Raw(const std::string& bytes) {
    text_ += bytes;
    return *this;
  }
  PickleText& Text(const std::string& value) {
    const uint32_t size = static_cast<uint32_t>(value.size());
    return Raw("X").Bytes(&size, 4).Raw(value);
  }
  PickleText& Int(int64_t value) { return Raw("\x8a\x08").Bytes(&value, 8); }
  PickleText& Global(const std::string& module, const std::string& name) {
    return Raw("c" + module + "\n" + name + "\n");
  }
  PickleText& Tuple(const std::vector<int64_t>& values) {
    Raw("(");
    for (const int64_t value : values) Int(value);
    return Raw("t");
  }
  PickleText& Storage(const std::string& type, const std::string& key, int64_t elements) {
    return Raw("(")
        .Text("storage")
        .Global("torch", type)
        .Text(key)
        .Text("cpu")
        .Int(elements)
        .Raw("tQ");
  }
  const std::string& text() const { return text_; }

 private:
  PickleText& Bytes(const void* data, size_t size) {
    text_.append(static_cast<const char*>(data), size);
    return *this;
  }
  std::string text_;
};

struct TorchTensor {
  std::string name, type, key;  // e.g. "w", "FloatStorage", "0"
  int64_t elements = 0;         // of the storage
  int64_t offset = 0;
  std::vector<int64_t> sizes, strides;
};

// data.pkl of an OrderedDict of tensors, with the _metadata of a state_dict.
inline std::string MakePickle(const std::vector<TorchTensor>& tensors) {
  PickleText out;
  out.Raw("\x80\x02").Global("collections", "OrderedDict").Raw(")Rq").Raw({'\0', '('});
  for (const TorchTensor& t : tensors) {
    out.Text(t.name).Global("torch._utils", "_rebuild_tensor_v2").Raw("(");
    out.Storage(t.type, t.key, t.elements).Int(t.offset).Tuple(t.sizes).Tuple(t.strides);
    out.Raw("\x89").Global("collections", "OrderedDict").Raw(")RtR");
  }
  return out.Raw("u}").Text("_metadata").Raw("}sb.").text();
}

// A whole file: the pickle and the storages by key.
inline std::string MakeTorchFile(const std::string& pickle, const ZipEntries& storages,
                                 bool deflate = false) {
  ZipEntries entries = {{"archive/data.pkl", pickle}};
  for (const auto& [key, bytes] : storages) entries.push_back({"archive/data/" + key, bytes});
  entries.push_back({"archive/version", "3\n"});
  return MakeZip(entries, deflate);
}

inline std::span<const std::byte> ViewOf(const std::string& bytes) {
  return std::as_bytes(std::span(bytes.data(), bytes.size()));
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
