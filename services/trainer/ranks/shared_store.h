// The small values through which ranks find and watch each other, as each of them sees the store
// that rank 0 serves. It has no password: the port belongs in a private network.
#ifndef TACT_SERVICES_TRAINER_RANKS_SHARED_STORE_H_
#define TACT_SERVICES_TRAINER_RANKS_SHARED_STORE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/trainer/ranks/rank_settings.h"

namespace tact {

// One connection. Calls are short and safe from several threads. An error is RANK_LOST and says
// that rank 0 does not answer; a call takes `timeout` at most.
class SharedStore {
 public:
  // Rank 0: serves the store too. UNAVAILABLE names the port if it is in use.
  static absl::StatusOr<std::unique_ptr<SharedStore>> Host(const RankSettings& settings,
                                                           absl::Duration timeout);
  // Connects to rank 0, which must answer within `timeout`.
  static absl::StatusOr<std::unique_ptr<SharedStore>> Connect(const RankSettings& settings,
                                                              absl::Duration timeout);
  ~SharedStore();

  absl::Status Set(const std::string& key, const std::string& value);
  absl::StatusOr<std::optional<std::string>> Get(const std::string& key);  // nothing if not set
  // Adds to a counter, which begins at 0, and returns it.
  absl::StatusOr<int64_t> Add(const std::string& key, int64_t amount);
  // Whether there was such a value or counter.
  absl::StatusOr<bool> Remove(const std::string& key);

 private:
  struct State;
  explicit SharedStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_RANKS_SHARED_STORE_H_
