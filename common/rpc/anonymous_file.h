// A file in memory that other readers of this process open by path and that is replaced as a whole:
// a secret need not lie on a disk, and a reader never sees half of one and half of the next.
#ifndef TACT_COMMON_RPC_ANONYMOUS_FILE_H_
#define TACT_COMMON_RPC_ANONYMOUS_FILE_H_

#include <ctime>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace tact {

class AnonymousFile {
 public:
  AnonymousFile() = default;
  ~AnonymousFile();
  AnonymousFile(const AnonymousFile&) = delete;
  AnonymousFile& operator=(const AnonymousFile&) = delete;

  // Each content has a modification time of its own, in whole seconds. INTERNAL where the kernel
  // refuses; the content is as it was then.
  absl::Status Replace(std::string_view bytes);
  // Stays the same; "" before the first Replace.
  std::string path() const;

 private:
  int file_ = -1;
  std::time_t generation_ = 1;
};

}  // namespace tact

#endif  // TACT_COMMON_RPC_ANONYMOUS_FILE_H_
