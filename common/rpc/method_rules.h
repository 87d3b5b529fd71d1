// Which roles may call which method, and which calls the audit log keeps. A method that stands not
// here is refused to everybody.
#ifndef TACT_COMMON_RPC_METHOD_RULES_H_
#define TACT_COMMON_RPC_METHOD_RULES_H_

#include <span>
#include <string_view>

#include "common/rpc/roles.h"

namespace tact {

struct MethodRule {
  std::string_view path;  // "/tact.v1.PolicyService/Generate"
  RoleSet roles;          // one of them is needed, beside kAdmin, who may call everything
  bool anybody = false;   // no role is needed, a valid certificate is
  bool audited = false;   // it changes state, or takes weights away
};

std::span<const MethodRule> MethodRules();
// Null where there is none.
const MethodRule* FindMethodRule(std::string_view path);

bool Allows(const MethodRule& rule, RoleSet roles);

}  // namespace tact

#endif  // TACT_COMMON_RPC_METHOD_RULES_H_
