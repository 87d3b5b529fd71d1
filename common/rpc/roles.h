// Who may be what: the roles of callers, from their certificates or from a file.
#ifndef TACT_COMMON_RPC_ROLES_H_
#define TACT_COMMON_RPC_ROLES_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tact {

using RoleSet = unsigned;  // of the bits below

inline constexpr RoleSet kNoRole = 0, kClient = 1, kTrainer = 2, kEvaluator = 4, kAdmin = 8;

// "client", "trainer", "evaluator", "admin"; kNoRole for another name.
RoleSet RoleOf(std::string_view name);
std::string DescribeRoles(RoleSet roles);  // "client, admin", "no role"

// Whom a certificate names.
struct Caller {
  std::string identity;  // the SPIFFE id, else the common name; "" where there is neither
  RoleSet certificate_roles = kNoRole;
};

// `uris` are the certificate's URIs, `subject` its name as RFC 2253 writes it. A role is the first
// part of the path of a SPIFFE id (spiffe://tact/trainer/0), or an organisational unit
// (OU=trainer).
Caller CallerFrom(const std::vector<std::string>& uris, std::string_view common_name,
                  std::string_view subject);

// The contents of --roles.
struct RoleMap {
  std::map<std::string, RoleSet, std::less<>> identities;
  bool others_by_certificate = true;  // who is not named has the roles that the certificate says
};

// {"identities": {"spiffe://tact/notebook": ["client"], "alice": ["client", "admin"]},
//  "others": "certificate"}; the other value of "others", which may be left out, is "none".
// INVALID_ARGUMENT names `source`, the field and the cure.
absl::StatusOr<RoleMap> ParseRoleMap(std::string_view text, std::string_view source);

RoleSet RolesOf(const RoleMap& map, const Caller& caller);

}  // namespace tact

#endif  // TACT_COMMON_RPC_ROLES_H_
