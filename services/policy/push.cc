#include "services/policy/push.h"

#include <algorithm>
#include <span>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "common/base/sha256.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/model/safetensors.h"

namespace tact {
namespace {

constexpr size_t kMaxChunk = size_t{1} << 20;
constexpr char kPayload[] = "payload";

absl::Status MessageError(std::string_view found, std::string_view problem, std::string_view fix) {
  return FieldError("part", found, problem, fix);
}

absl::Status CheckSha256(std::string_view digest) {
  const bool valid = digest.size() == 64 && std::ranges::all_of(digest, [](char c) {
                       return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                     });
  if (valid) return absl::OkStatus();
  return FieldError("header.sha256", StrCat("\"", Shorten(digest), "\""), "is not a SHA-256 digest",
                    "send 64 lower-case hexadecimal digits of the whole payload");
}

absl::Status CheckLora(const v1::LoraHeader& lora) {
  constexpr uint32_t kMaxRank = 4096;
  if (lora.rank() < 1 || lora.rank() > kMaxRank) {
    return FieldError("header.lora.rank", StrCat(lora.rank()), "is out of range",
                      StrCat("send 1 to ", kMaxRank));
  }
  if (lora.alpha() > 0 && lora.alpha() <= 1e6f) return absl::OkStatus();
  return FieldError("header.lora.alpha", StrCat(lora.alpha()), "is out of range",
                    "send a number above 0, up to 1e6");
}

absl::Status DataLoss(std::string_view field, std::string_view found, std::string_view problem) {
  return MakeError(absl::StatusCode::kDataLoss,
                   {.reason = "PAYLOAD_DAMAGED",
                    .field = std::string(field),
                    .value = std::string(found),
                    .fix = "push the whole payload again"},
                   problem);
}

std::span<const std::byte> AsBytes(const std::string& text) {
  return std::as_bytes(std::span<const char>(text.data(), text.size()));
}

}  // namespace

bool StagingBudget::TryTake(uint64_t bytes) {
  absl::MutexLock lock(&mutex_);
  if (bytes > max_bytes_ - taken_) return false;
  taken_ += bytes;
  return true;
}

void StagingBudget::Return(uint64_t bytes) {
  absl::MutexLock lock(&mutex_);
  taken_ -= bytes;
}

absl::Status PushHandler::CheckHeader(const v1::PushHeader& header) const {
  RETURN_IF_ERROR(ValidatePushName(header.model(), "header.model"));
  RETURN_IF_ERROR(CheckSha256(header.sha256()));
  if (header.weight_version() == 0) {
    return FieldError("header.weight_version", "0", "is out of range",
                      "versions of pushed weights begin with 1");
  }
  if (header.total_bytes() == 0 || header.total_bytes() > budget_.max_bytes()) {
    return FieldError("header.total_bytes", StrCat(header.total_bytes()), "is out of range",
                      StrCat("send 1 to ", budget_.max_bytes(),
                             " bytes, or restart the server with a higher --max-push-mb"));
  }
  return header.has_lora() ? CheckLora(header.lora()) : absl::OkStatus();
}

absl::StatusOr<std::string> PushHandler::ReadPayload(const v1::PushHeader& header,
                                                     ReadMessage read) const {
  std::string payload;
  payload.reserve(header.total_bytes());
  v1::PushWeightsRequest message;
  while (payload.size() < header.total_bytes() && read(&message)) {
    if (!message.has_chunk()) {
      return MessageError("another header", "is not a chunk", "send one header, then only chunks");
    }
    if (message.chunk().size() > kMaxChunk) {
      return FieldError("chunk", StrCat(message.chunk().size(), " bytes"), "is too large",
                        StrCat("send at most ", kMaxChunk, " bytes in a chunk"));
    }
    if (payload.size() + message.chunk().size() > header.total_bytes()) break;
    payload += message.chunk();
    message.Clear();
  }
  if (message.has_chunk() || read(&message)) {
    return FieldError("header.total_bytes", StrCat(header.total_bytes()),
                      "is below what the chunks hold", "send the size of the whole payload");
  }
  return payload;
}

absl::StatusOr<ServedEntry> PushHandler::BuildLora(const v1::PushHeader& header,
                                                   const SafeTensors& tensors) const {
  ASSIGN_OR_RETURN(const ServedEntry parent,
                   registry_.FindParent(header.lora().parent(), "header.lora.parent"));
  const LoraScale scale = {header.lora().rank(), header.lora().alpha()};
  ASSIGN_OR_RETURN(auto adapter, BuildAdapter(parent.weights.snapshot->config,
                                              TensorSource(tensors, kPayload), scale, limits_));
  return ServedEntry{header.model(), header.weight_version(), header.sha256(),
                     parent.name,    adapter->parameters,     {parent.weights.snapshot, adapter}};
}

absl::StatusOr<ServedEntry> PushHandler::Build(const v1::PushHeader& header,
                                               const std::string& payload) const {
  ASSIGN_OR_RETURN(const SafeTensors tensors, SafeTensors::Parse(AsBytes(payload), kPayload));
  if (header.has_lora()) return BuildLora(header, tensors);
  ASSIGN_OR_RETURN(const ServedEntry base, registry_.Find(kBaseModel, "header.model"));
  const T5Config& config = base.weights.snapshot->config;
  TensorSource source(tensors, kPayload);
  source.set_weight_type(weight_type_);
  ASSIGN_OR_RETURN(auto snapshot, BuildSnapshot(config, std::move(source), limits_));
  return ServedEntry{header.model(),
                     header.weight_version(),
                     header.sha256(),
                     "",
                     static_cast<uint64_t>(config.num_parameters()),
                     {std::move(snapshot), nullptr}};
}

absl::StatusOr<ServedEntry> PushHandler::Handle(ReadMessage read) {
  v1::PushWeightsRequest first;
  if (!read(&first) || !first.has_header()) {
    return MessageError(first.has_chunk() ? "a chunk" : "nothing", "the header is missing",
                        "send a header first, then the payload in chunks");
  }
  const v1::PushHeader& header = first.header();
  RETURN_IF_ERROR(CheckHeader(header));
  ASSIGN_OR_RETURN(const auto check,
                   registry_.CheckPush({header.model(), header.weight_version(), header.sha256()}));
  if (check == ModelRegistry::PushCheck::kAlreadyServed) {
    return registry_.Find(header.model(), "header.model");
  }
  if (!budget_.TryTake(header.total_bytes())) {
    return absl::ResourceExhaustedError(
        StrCat("header.total_bytes: other pushes hold the staging memory, found ",
               header.total_bytes(), "; retry when they are done"));
  }
  const absl::Cleanup give_back = [&] { budget_.Return(header.total_bytes()); };
  ASSIGN_OR_RETURN(const std::string payload, ReadPayload(header, read));
  if (payload.size() != header.total_bytes()) {
    return DataLoss("chunk", StrCat(payload.size(), " of ", header.total_bytes(), " bytes"),
                    "the payload ended early");
  }
  const std::string digest = Sha256Hex(payload);
  if (digest != header.sha256()) {
    return DataLoss("header.sha256", digest, "the payload has another SHA-256");
  }
  ASSIGN_OR_RETURN(ServedEntry entry, Build(header, payload));
  return registry_.Publish(std::move(entry));
}

}  // namespace tact
