// Weights on their way to the policy replicas.
#ifndef TACT_SERVICES_TRAINER_CLIENTS_WEIGHT_PAYLOAD_H_
#define TACT_SERVICES_TRAINER_CLIENTS_WEIGHT_PAYLOAD_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace tact {

struct WeightPayload {
  std::string model;  // served name
  uint64_t version = 0;
  std::string sha256;  // of the bytes
  // The bytes, a safetensors file: in memory, or in `file` where this is null.
  std::shared_ptr<const std::string> bytes;
  std::filesystem::path file;
  // For an adapter: what it stands on, its rank and alpha. Rank 0 is full weights.
  std::string parent;
  uint32_t rank = 0;
  double alpha = 0;

  bool is_adapter() const { return rank > 0; }
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_CLIENTS_WEIGHT_PAYLOAD_H_
