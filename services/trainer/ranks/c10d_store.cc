#include "services/trainer/ranks/c10d_store.h"

#include <stdexcept>
#include <string>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/steady_time.h"
#include "common/base/strings.h"

namespace tact {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(2);

void OrThrow(const absl::Status& status) {
  if (!status.ok()) throw std::runtime_error(std::string(status.message()));
}

template <typename Value>
Value OrThrow(absl::StatusOr<Value> value) {
  OrThrow(value.status());
  return *std::move(value);
}

class C10dStore final : public c10d::Store {
 public:
  C10dStore(SharedStore& store, std::chrono::milliseconds timeout)
      : c10d::Store(timeout), store_(store) {}

  void set(const std::string& key, const std::vector<uint8_t>& value) override {
    OrThrow(store_.Set(key, std::string(value.begin(), value.end())));
  }
  std::vector<uint8_t> get(const std::string& key) override {
    const std::string value = Await(key, timeout_);
    return {value.begin(), value.end()};
  }
  int64_t add(const std::string& key, int64_t value) override {
    return OrThrow(store_.Add(key, value));
  }
  bool deleteKey(const std::string& key) override { return OrThrow(store_.Remove(key)); }
  bool check(const std::vector<std::string>& keys) override {
    for (const std::string& key : keys) {
      if (!OrThrow(store_.Get(key))) return false;
    }
    return true;
  }
  int64_t getNumKeys() override { throw std::runtime_error("keys are not counted"); }
  void wait(const std::vector<std::string>& keys) override { wait(keys, timeout_); }
  void wait(const std::vector<std::string>& keys,
            const std::chrono::milliseconds& timeout) override {
    for (const std::string& key : keys) Await(key, timeout);
  }

 private:
  std::string Await(const std::string& key, std::chrono::milliseconds timeout) {
    const absl::Time deadline = SteadyNow() + absl::FromChrono(timeout);
    while (true) {
      const auto value = OrThrow(store_.Get(key));
      if (value) return *value;
      if (SteadyNow() >= deadline) {
        throw std::runtime_error(StrCat("nobody has set ", key, " in ", timeout.count(), " ms"));
      }
      absl::SleepFor(kPoll);
    }
  }

  SharedStore& store_;
};

}  // namespace

c10::intrusive_ptr<c10d::Store> MakeC10dStore(SharedStore& store,
                                              std::chrono::milliseconds timeout) {
  return c10::make_intrusive<C10dStore>(store, timeout);
}

}  // namespace tact
