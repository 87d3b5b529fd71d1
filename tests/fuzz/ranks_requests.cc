// tact-fuzz-ranks SECONDS [SEED]: mutated requests for every method of the store that the ranks of
// a trainer share.
#include <utility>

#include "common/base/strings.h"
#include "common/rpc/channel.h"
#include "services/trainer/ranks/rank_store.h"
#include "services/trainer/testing/thread_ranks.h"
#include "tact/v1/ranks.grpc.pb.h"
#include "tests/fuzz/request_fuzzer.h"

namespace tact::fuzz {
namespace {

constexpr char kKept[] = "kept", kValue[] = "a value", kCounter[] = "counter";

struct Store {
  std::unique_ptr<RankStore> store;
  std::unique_ptr<v1::RankStoreService::Stub> stub;
  std::string address, id;
};

// A valid request about one key.
template <typename Request>
Request About(const Store& store, const std::string& key) {
  Request request;
  request.set_store_id(store.id);
  request.set_key(key);
  return request;
}

v1::SetValueRequest SetRequest(const Store& store) {
  auto request = About<v1::SetValueRequest>(store, kKept);
  request.set_value(kValue);
  return request;
}

v1::AddToCounterRequest AddRequest(const Store& store, int64_t amount) {
  auto request = About<v1::AddToCounterRequest>(store, kCounter);
  request.set_amount(amount);
  return request;
}

// Whatever was sent, a value that is written is read again, and a counter counts.
void Check(Store& store) {
  const auto ask = [](const char* what, const auto& call) {
    grpc::ClientContext context;
    SetDeadline(context, 30);
    const grpc::Status status = call(&context);
    if (!status.ok()) FailFuzzing(StrCat("a valid ", what, " answers ", status.error_message()));
  };
  v1::SetValueResponse set;
  v1::GetValueResponse get;
  v1::AddToCounterResponse before, after;
  ask("SetValue", [&](auto* c) { return store.stub->SetValue(c, SetRequest(store), &set); });
  ask("GetValue", [&](auto* c) {
    return store.stub->GetValue(c, About<v1::GetValueRequest>(store, kKept), &get);
  });
  if (get.value() != kValue) FailFuzzing(StrCat("a value is read as \"", get.value(), "\""));
  ask("AddToCounter",
      [&](auto* c) { return store.stub->AddToCounter(c, AddRequest(store, 0), &before); });
  const int64_t step = before.count() > 0 ? -1 : 1;
  ask("AddToCounter",
      [&](auto* c) { return store.stub->AddToCounter(c, AddRequest(store, step), &after); });
  if (after.count() != before.count() + step) FailFuzzing("a counter does not count");
}

std::shared_ptr<Store> StartStore() {
  auto out = std::make_shared<Store>();
  const uint16_t port = FreePort();
  out->store = RankStore::Serve(LoopbackSettings(0, 2, port)).value();
  out->address = StrCat("127.0.0.1:", port);
  out->stub = v1::RankStoreService::NewStub(MakeChannel(out->address));
  grpc::ClientContext context;
  SetDeadline(context, 30);
  v1::OpenStoreResponse response;
  if (!out->stub->OpenStore(&context, {}, &response).ok()) FailFuzzing("the store does not open");
  out->id = response.store_id();
  return out;
}

RequestTarget Start(const FolderWatch&) {
  const auto store = StartStore();
  return {"tact.v1.RankStoreService",
          store->address,
          {MakeSeed("OpenStore", v1::OpenStoreRequest()), MakeSeed("SetValue", SetRequest(*store)),
           MakeSeed("GetValue", About<v1::GetValueRequest>(*store, kKept)),
           MakeSeed("AddToCounter", AddRequest(*store, int64_t{1} << 62)),
           MakeSeed("DeleteValue", About<v1::DeleteValueRequest>(*store, kKept))},
          {},
          [store] { Check(*store); }};
}

}  // namespace
}  // namespace tact::fuzz

int main(int argc, char** argv) { return tact::fuzz::FuzzRequests(argc, argv, tact::fuzz::Start); }
