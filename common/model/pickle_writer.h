// Opcodes and values of a pickle, protocol 2, as torch.save writes them.
#ifndef TACT_COMMON_MODEL_PICKLE_WRITER_H_
#define TACT_COMMON_MODEL_PICKLE_WRITER_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tact {

class PickleWriter {
 public:
  PickleWriter& Raw(std::string_view bytes) {
    text_ += bytes;
    return *this;
  }
  PickleWriter& Text(std::string_view value) {
    const uint32_t size = static_cast<uint32_t>(value.size());
    return Raw("X").Bytes(&size, sizeof(size)).Raw(value);
  }
  PickleWriter& Int(int64_t value) { return Raw("\x8a\x08").Bytes(&value, sizeof(value)); }
  PickleWriter& Global(std::string_view module, std::string_view name) {
    return Raw("c").Raw(module).Raw("\n").Raw(name).Raw("\n");
  }
  PickleWriter& EmptyOrderedDict() { return Global("collections", "OrderedDict").Raw(")R"); }
  PickleWriter& Tuple(std::span<const int64_t> values) {
    Raw("(");
    for (const int64_t value : values) Int(value);
    return Raw("t");
  }
  // By its persistent id; `type` is a class of torch, e.g. "FloatStorage".
  PickleWriter& Storage(std::string_view type, std::string_view key, int64_t elements) {
    Raw("(").Text("storage").Global("torch", type).Text(key).Text("cpu").Int(elements);
    return Raw("tQ");
  }
  const std::string& text() const { return text_; }

 private:
  PickleWriter& Bytes(const void* data, size_t size) {
    text_.append(static_cast<const char*>(data), size);
    return *this;
  }
  std::string text_;
};

}  // namespace tact

#endif  // TACT_COMMON_MODEL_PICKLE_WRITER_H_
