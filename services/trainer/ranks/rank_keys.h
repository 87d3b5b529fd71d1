// The names under which ranks find each other in the shared store. A worker is a process with a
// token of its own: one that was started again is not the one that was lost.
#ifndef TACT_SERVICES_TRAINER_RANKS_RANK_KEYS_H_
#define TACT_SERVICES_TRAINER_RANKS_RANK_KEYS_H_

#include <string>

#include "common/base/strings.h"

namespace tact {

// The token of the last process that wants to be this rank.
inline std::string JoinKey(int rank) { return StrCat("join/", rank); }
// Its WORLD_SIZE.
inline std::string WorldKey(const std::string& token) { return StrCat("world/", token); }
inline std::string BeatKey(const std::string& token) { return StrCat("beat/", token); }
// The prefix of the group that it belongs to, written by rank 0 ...
inline std::string GroupKey(const std::string& token) { return StrCat("group/", token); }
// ... or why it cannot belong to one.
inline std::string RefusalKey(const std::string& token) { return StrCat("refused/", token); }
inline std::string LostKey(const std::string& prefix) { return StrCat(prefix, "/lost"); }

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_RANKS_RANK_KEYS_H_
