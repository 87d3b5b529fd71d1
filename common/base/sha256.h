// SHA-256 (FIPS 180-4) of bytes that come in pieces, through OpenSSL.
#ifndef TACT_COMMON_BASE_SHA256_H_
#define TACT_COMMON_BASE_SHA256_H_

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tact {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void Update(std::string_view bytes);
  // 64 lower-case hexadecimal digits; the object must not be used after.
  std::string HexDigest();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The digest of one piece.
std::string Sha256Hex(std::string_view bytes);

// The digest of a file, read piece by piece. NOT_FOUND if there is none.
absl::StatusOr<std::string> Sha256OfFile(const std::filesystem::path& path);

}  // namespace tact

#endif  // TACT_COMMON_BASE_SHA256_H_
