#include <cstring>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/model/safetensors.h"

namespace tact {
namespace {

absl::Status CheckView(const std::string& name, const TensorView& view) {
  const size_t expected = static_cast<size_t>(view.num_elements()) * DTypeSize(view.dtype);
  if (name != "__metadata__" && expected == view.data.size()) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("tensor ", name, " of shape ", ShapeString(view.shape),
                                          " needs ", expected, " bytes, found ", view.data.size()));
}

// JSON with sorted keys, padded with spaces so that the data begins at a multiple of 8.
absl::StatusOr<std::string> Header(const TensorViews& tensors,
                                   const std::map<std::string, std::string>& metadata) {
  nlohmann::json json = nlohmann::json::object();
  json["__metadata__"] = metadata;
  json["__metadata__"]["format"] = "pt";
  uint64_t offset = 0;
  for (const auto& [name, view] : tensors) {
    RETURN_IF_ERROR(CheckView(name, view));
    json[name] = {{"dtype", DTypeName(view.dtype)},
                  {"shape", view.shape},
                  {"data_offsets", {offset, offset + view.data.size()}}};
    offset += view.data.size();
  }
  std::string text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

// What stands before the data: the header's size and the header.
absl::StatusOr<std::string> Head(const TensorViews& tensors,
                                 const std::map<std::string, std::string>& metadata) {
  ASSIGN_OR_RETURN(const std::string header, Header(tensors, metadata));
  const uint64_t size = header.size();
  return std::string(reinterpret_cast<const char*>(&size), sizeof(size)) + header;
}

std::vector<std::string_view> Pieces(std::string_view head, const TensorViews& tensors) {
  std::vector<std::string_view> out = {head};
  for (const auto& [name, view] : tensors) {
    out.emplace_back(reinterpret_cast<const char*>(view.data.data()), view.data.size());
  }
  return out;
}

}  // namespace

absl::StatusOr<std::string> SerializeSafeTensors(
    const TensorViews& tensors, const std::map<std::string, std::string>& metadata) {
  ASSIGN_OR_RETURN(const std::string head, Head(tensors, metadata));
  const std::vector<std::string_view> pieces = Pieces(head, tensors);
  size_t size = 0;
  for (const std::string_view piece : pieces) size += piece.size();
  std::string out;
  out.reserve(size);
  for (const std::string_view piece : pieces) out.append(piece);
  return out;
}

absl::Status WriteSafeTensors(const std::filesystem::path& path, const TensorViews& tensors,
                              const std::map<std::string, std::string>& metadata) {
  ASSIGN_OR_RETURN(const std::string head, Head(tensors, metadata));
  return WriteFileAtomically(path, Pieces(head, tensors));
}

}  // namespace tact
