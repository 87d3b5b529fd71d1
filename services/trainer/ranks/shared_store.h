// The small values through which ranks find and watch each other: c10d's TCPStore, which rank 0
// hosts. It has no password: the port belongs in a private network.
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

namespace c10d {
class Store;
}

namespace tact {

// One connection. Calls are short and safe from several threads. An error is RANK_LOST and says
// that rank 0 does not answer; a call takes `timeout` at most.
class SharedStore {
 public:
  // Rank 0: listens at settings.port. UNAVAILABLE names the port if it is in use.
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
  absl::Status Remove(const std::string& key);

  c10d::Store& c10d();

 private:
  struct State;
  explicit SharedStore(std::unique_ptr<State> state);
  static absl::StatusOr<std::unique_ptr<SharedStore>> Open(const RankSettings& settings, bool host,
                                                           absl::Duration timeout);
  template <typename Body>
  auto Ask(Body&& body) -> decltype(body());
  std::unique_ptr<State> state_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_RANKS_SHARED_STORE_H_
