// Counts what this program allocates: linking allocations.cc replaces the global operator new.
#ifndef TACT_SERVICES_POLICY_TESTING_ALLOCATIONS_H_
#define TACT_SERVICES_POLICY_TESTING_ALLOCATIONS_H_

#include <cstdint>

namespace tact::testing {

// Calls of operator new by all threads since the program began.
int64_t Allocations();

}  // namespace tact::testing

#endif  // TACT_SERVICES_POLICY_TESTING_ALLOCATIONS_H_
