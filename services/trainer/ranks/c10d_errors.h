// Where c10d's and gloo's exceptions stop.
#ifndef TACT_SERVICES_TRAINER_RANKS_C10D_ERRORS_H_
#define TACT_SERVICES_TRAINER_RANKS_C10D_ERRORS_H_

#include <exception>
#include <string>
#include <utility>

#include "common/base/strings.h"
#include "services/trainer/ranks/rank_group.h"

namespace tact {

// The first line: what follows is a stack trace.
inline std::string FirstLine(std::string text) {
  const size_t end = text.find('\n');
  if (end != std::string::npos) text.resize(end);
  return text;
}

// `what` says in whose name: "rank 0 at host:port does not answer".
template <typename Body>
auto CatchC10d(std::string_view what, Body&& body) -> decltype(body()) {
  try {
    return std::forward<Body>(body)();
  } catch (const std::exception& error) {
    return RankLostError(StrCat(what, ": ", FirstLine(error.what())));
  }
}

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_RANKS_C10D_ERRORS_H_
