// The store that rank 0 serves at MASTER_PORT (tact.v1.RankStoreService). c10d has one of its own,
// TCPStore, but its single thread reads a request piece by piece: one rank that is stopped in the
// middle of sending stops the store for all.
#ifndef TACT_SERVICES_TRAINER_RANKS_RANK_STORE_H_
#define TACT_SERVICES_TRAINER_RANKS_RANK_STORE_H_

#include <grpcpp/channel.h>

#include <memory>

#include "absl/status/statusor.h"
#include "services/trainer/ranks/rank_settings.h"

namespace tact {

class RankStore {
 public:
  // Listens at settings.port; on loopback only where the ranks meet there. UNAVAILABLE names the
  // port if it is in use.
  static absl::StatusOr<std::unique_ptr<RankStore>> Serve(const RankSettings& settings);
  ~RankStore();

  // To the store, without the network.
  std::shared_ptr<grpc::Channel> channel();

 private:
  struct State;
  explicit RankStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_RANKS_RANK_STORE_H_
