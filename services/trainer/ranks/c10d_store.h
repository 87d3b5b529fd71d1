// The shared store as c10d wants one, for the moment in which gloo's ranks learn of each other's
// addresses.
#ifndef TACT_SERVICES_TRAINER_RANKS_C10D_STORE_H_
#define TACT_SERVICES_TRAINER_RANKS_C10D_STORE_H_

#include <c10/util/intrusive_ptr.h>

#include <chrono>

#include "services/trainer/ranks/shared_store.h"

namespace c10d {
class Store;
}

namespace tact {

// `store` must outlive it. Its calls throw std::runtime_error; waiting ends after `timeout`.
c10::intrusive_ptr<c10d::Store> MakeC10dStore(SharedStore& store,
                                              std::chrono::milliseconds timeout);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_RANKS_C10D_STORE_H_
