#include "services/trainer/ranks/shared_store.h"

#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "services/trainer/ranks/c10d_errors.h"

namespace tact {
namespace {

constexpr char kOpen[] = "open";  // set by rank 0 before anything else

std::vector<uint8_t> ToBytes(const std::string& text) { return {text.begin(), text.end()}; }

c10d::TCPStoreOptions StoreOptions(const RankSettings& settings, bool host,
                                   absl::Duration timeout) {
  c10d::TCPStoreOptions options;
  options.port = settings.port;
  options.isServer = host;
  options.waitWorkers = false;
  options.timeout = absl::ToChronoMilliseconds(timeout);
  return options;
}

}  // namespace

struct SharedStore::State {
  c10::intrusive_ptr<c10d::TCPStore> store;
  std::string rank_zero;  // for messages
};

SharedStore::SharedStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
SharedStore::~SharedStore() = default;

template <typename Body>
auto SharedStore::Ask(Body&& body) -> decltype(body()) {
  return CatchC10d(StrCat(state_->rank_zero, " does not answer"), std::forward<Body>(body));
}

absl::StatusOr<std::unique_ptr<SharedStore>> SharedStore::Open(const RankSettings& settings,
                                                               bool host, absl::Duration timeout) {
  auto state = std::make_unique<State>();
  state->rank_zero = StrCat("rank 0 at ", settings.meeting_point());
  state->store =
      c10::make_intrusive<c10d::TCPStore>(settings.address, StoreOptions(settings, host, timeout));
  if (host) state->store->set(kOpen, {1});
  // The first wait also gives the connection its timeout: without it a rank 0 that hangs would be
  // waited for without end.
  state->store->wait({kOpen}, absl::ToChronoMilliseconds(timeout));
  return std::unique_ptr<SharedStore>(new SharedStore(std::move(state)));
}

absl::StatusOr<std::unique_ptr<SharedStore>> SharedStore::Host(const RankSettings& settings,
                                                               absl::Duration timeout) {
  return CatchC10d(StrCat("MASTER_PORT ", settings.port,
                          ": rank 0 cannot listen there; stop what does, or choose another port "
                          "on every rank"),
                   [&] { return Open(settings, true, timeout); });
}

absl::StatusOr<std::unique_ptr<SharedStore>> SharedStore::Connect(const RankSettings& settings,
                                                                  absl::Duration timeout) {
  return CatchC10d(StrCat("rank 0 cannot be reached at ", settings.meeting_point(),
                          " (MASTER_ADDR and MASTER_PORT)"),
                   [&] { return Open(settings, false, timeout); });
}

absl::Status SharedStore::Set(const std::string& key, const std::string& value) {
  return Ask([&]() -> absl::Status {
    state_->store->set(key, ToBytes(value));
    return absl::OkStatus();
  });
}

absl::StatusOr<std::optional<std::string>> SharedStore::Get(const std::string& key) {
  return Ask([&]() -> absl::StatusOr<std::optional<std::string>> {
    if (!state_->store->check({key})) return std::nullopt;
    const std::vector<uint8_t> bytes = state_->store->get(key);
    return std::string(bytes.begin(), bytes.end());
  });
}

absl::StatusOr<int64_t> SharedStore::Add(const std::string& key, int64_t amount) {
  return Ask([&]() -> absl::StatusOr<int64_t> { return state_->store->add(key, amount); });
}

absl::Status SharedStore::Remove(const std::string& key) {
  return Ask([&]() -> absl::Status {
    state_->store->deleteKey(key);
    return absl::OkStatus();
  });
}

c10d::Store& SharedStore::c10d() { return *state_->store; }

}  // namespace tact
