#include "common/model/safetensors.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace tact {
namespace {

// The reference implementation refuses longer headers too.
constexpr uint64_t kMaxHeader = 100'000'000;

absl::Status Corrupt(const std::string& where, const std::string& found,
                     const std::string& problem) {
  return MakeError(absl::StatusCode::kInvalidArgument,
                   {"CORRUPT_SAFETENSORS", where, found, "download or save the file again"},
                   problem);
}

std::string Dump(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

struct Entry {
  std::string name;
  TensorView view;
  uint64_t begin = 0, end = 0;
};

std::optional<std::vector<uint64_t>> ReadUnsigned(const nlohmann::json& json, const char* key) {
  const auto it = json.find(key);
  const auto is_unsigned = [](const nlohmann::json& item) { return item.is_number_unsigned(); };
  if (it == json.end() || !it->is_array() || it->size() > kMaxRank ||
      !std::ranges::all_of(*it, is_unsigned)) {
    return std::nullopt;
  }
  return it->get<std::vector<uint64_t>>();
}

class HeaderReader {
 public:
  HeaderReader(std::span<const std::byte> data, std::string file)
      : data_(data), file_(std::move(file)) {}

  absl::StatusOr<Entry> ReadEntry(const std::string& name, const nlohmann::json& json) const {
    const std::string where = absl::StrCat(file_, ": ", name);
    const auto dtype = ReadDType(json);
    const auto shape = ReadUnsigned(json, "shape");
    const auto offsets = ReadUnsigned(json, "data_offsets");
    if (!dtype || !shape || !offsets || offsets->size() != 2) {
      return Corrupt(where, Dump(json),
                     "expected a known dtype (F32, F16, BF16, F64, I64, I32, I16, I8, U8, BOOL), "
                     "a shape and two data_offsets");
    }
    if (!shape->empty() && std::ranges::max(*shape) > kMaxDimension) {
      return Corrupt(where, Dump(json["shape"]), "dimensions above 2^40 are not possible");
    }
    const uint64_t begin = (*offsets)[0], end = (*offsets)[1];
    if (begin > end || end > data_.size()) {
      return Corrupt(where, absl::StrCat("[", begin, ", ", end, "]"),
                     absl::StrCat("data_offsets must rise and stay within the ", data_.size(),
                                  " bytes of data"));
    }
    const auto bytes = ByteSize(*shape, *dtype, data_.size());
    if (!bytes || *bytes != end - begin) {
      return Corrupt(
          where, absl::StrCat(end - begin, " bytes"),
          absl::StrCat("shape ", Dump(json["shape"]), " of ", std::string(DTypeName(*dtype)),
                       " needs ", bytes ? absl::StrCat(*bytes) : "more", " bytes"));
    }
    Entry entry{name, {*dtype, {shape->begin(), shape->end()}, {}}, begin, end};
    entry.view.data = data_.subspan(begin, end - begin);
    return entry;
  }

  // Data must be one gapless run of tensors, as the format demands.
  absl::Status CheckLayout(std::vector<Entry>& entries) const {
    std::ranges::sort(entries, {}, [](const Entry& e) { return std::pair(e.begin, e.end); });
    uint64_t end = 0;
    for (const Entry& entry : entries) {
      if (entry.begin != end) {
        return Corrupt(absl::StrCat(file_, ": ", entry.name), absl::StrCat(entry.begin),
                       absl::StrCat("its data_offsets ", entry.begin < end ? "overlap" : "leave",
                                    entry.begin < end ? " the tensor before" : " a hole",
                                    ", expected to begin at ", end));
      }
      end = entry.end;
    }
    if (end == data_.size()) return absl::OkStatus();
    return Corrupt(file_, absl::StrCat(data_.size(), " bytes of data"),
                   absl::StrCat("the tensors end at ", end));
  }

 private:
  static std::optional<DType> ReadDType(const nlohmann::json& json) {
    const auto it = json.is_object() ? json.find("dtype") : json.end();
    if (it == json.end() || !it->is_string()) return std::nullopt;
    return DTypeNamed(it->get_ref<const std::string&>());
  }

  std::span<const std::byte> data_;
  std::string file_;
};

// The JSON text between the size and the data.
absl::StatusOr<std::string_view> HeaderText(std::span<const std::byte> bytes,
                                            const std::string& file) {
  uint64_t size = 0;
  if (bytes.size() < sizeof(size)) {
    return Corrupt(file, absl::StrCat(bytes.size(), " bytes"),
                   "a safetensors file begins with 8 bytes of header size");
  }
  std::memcpy(&size, bytes.data(), sizeof(size));
  const uint64_t left = bytes.size() - sizeof(size);
  if (size > left || size > kMaxHeader) {
    return Corrupt(file, absl::StrCat("a header size of ", size),
                   absl::StrCat("the header must fit in the ", left, " bytes that follow and in ",
                                kMaxHeader));
  }
  return std::string_view(reinterpret_cast<const char*>(bytes.data()) + sizeof(size), size);
}

// Keys seen twice would hide a tensor; nesting is at most tensor -> shape.
absl::StatusOr<nlohmann::json> ParseHeader(std::string_view text, const std::string& file) {
  bool bad = false;
  std::vector<std::string> seen;
  const nlohmann::json::parser_callback_t check =
      [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& value) {
        if (depth > 3) bad = true;
        if (depth == 1 && event == nlohmann::json::parse_event_t::key) seen.push_back(value);
        return !bad;
      };
  nlohmann::json json = nlohmann::json::parse(text, check, /*allow_exceptions=*/false);
  std::ranges::sort(seen);
  bad = bad || std::ranges::adjacent_find(seen) != seen.end();
  if (bad || !json.is_object()) {
    return Corrupt(file, std::string(text.substr(0, 80)),
                   "the header must be a JSON object of tensors with distinct names");
  }
  return json;
}

absl::StatusOr<std::map<std::string, std::string>> ReadMetadata(const nlohmann::json& json,
                                                                const std::string& file) {
  std::map<std::string, std::string> out;
  bool good = json.is_object();
  for (const auto& [key, value] : json.items()) {
    good = good && value.is_string();
    if (good) out[key] = value.get<std::string>();
  }
  if (!good) return Corrupt(file + ": __metadata__", Dump(json), "expected a map of strings");
  return out;
}

}  // namespace

absl::StatusOr<SafeTensors> SafeTensors::Parse(std::span<const std::byte> bytes,
                                               std::string_view name) {
  const std::string file(name);
  ASSIGN_OR_RETURN(const std::string_view text, HeaderText(bytes, file));
  ASSIGN_OR_RETURN(const nlohmann::json json, ParseHeader(text, file));
  const HeaderReader reader(bytes.subspan(sizeof(uint64_t) + text.size()), file);
  SafeTensors out;
  std::vector<Entry> entries;
  for (const auto& [key, value] : json.items()) {
    if (key == "__metadata__") {
      ASSIGN_OR_RETURN(out.metadata_, ReadMetadata(value, file));
      continue;
    }
    ASSIGN_OR_RETURN(Entry entry, reader.ReadEntry(key, value));
    entries.push_back(std::move(entry));
  }
  RETURN_IF_ERROR(reader.CheckLayout(entries));
  for (Entry& entry : entries) out.tensors_.emplace(entry.name, std::move(entry.view));
  return out;
}

absl::StatusOr<SafeTensors> SafeTensors::Open(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(auto file, MappedFile::Open(path));
  ASSIGN_OR_RETURN(SafeTensors out, Parse(file->bytes(), path.string()));
  out.file_ = std::move(file);
  return out;
}

std::vector<std::string> SafeTensors::names() const {
  std::vector<std::string> out;
  for (const auto& [name, view] : tensors_) out.push_back(name);
  return out;
}

const TensorView* SafeTensors::Find(std::string_view name) const {
  const auto it = tensors_.find(name);
  return it == tensors_.end() ? nullptr : &it->second;
}

}  // namespace tact
