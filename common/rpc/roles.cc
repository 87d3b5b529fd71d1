#include "common/rpc/roles.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/base/json_text.h"
#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::pair<std::string_view, RoleSet>, 4> kNames = {
    {{"client", kClient}, {"trainer", kTrainer}, {"evaluator", kEvaluator}, {"admin", kAdmin}}};
constexpr std::string_view kSpiffe = "spiffe://";
constexpr char kKnown[] = "write client, trainer, evaluator or admin";

// "trainer" of spiffe://tact/trainer/0.
std::string_view FirstOfPath(std::string_view uri) {
  const size_t slash = uri.find('/', kSpiffe.size());
  if (slash == std::string_view::npos) return "";
  const std::string_view path = uri.substr(slash + 1);
  return path.substr(0, path.find('/'));
}

// The attributes of a name: what a backslash protects separates nothing.
std::vector<std::string_view> Attributes(std::string_view subject) {
  std::vector<std::string_view> out;
  size_t begin = 0;
  for (size_t i = 0; i <= subject.size(); ++i) {
    if (i < subject.size() && subject[i] == '\\') {
      ++i;
    } else if (i >= subject.size() || subject[i] == ',' || subject[i] == '+') {
      const size_t end = i < subject.size() ? i : subject.size();
      out.push_back(subject.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  return out;
}

absl::Status BadField(std::string_view source, const std::string& field, const Json& value,
                      std::string_view problem, std::string_view fix) {
  return FieldError(StrCat(source, ": ", field), Shorten(JsonText(value)), problem, fix);
}

absl::StatusOr<RoleSet> ParseRoles(std::string_view source, const std::string& field,
                                   const Json& names) {
  if (!names.is_array()) {
    return BadField(source, field, names, "not a list", "write e.g. [\"client\"]");
  }
  RoleSet roles = kNoRole;
  for (const Json& name : names) {
    const RoleSet role = name.is_string() ? RoleOf(name.get<std::string>()) : kNoRole;
    if (role == kNoRole) return BadField(source, field, name, "not a role", kKnown);
    roles |= role;
  }
  return roles;
}

absl::Status ParseIdentities(std::string_view source, const Json& identities, RoleMap& out) {
  if (!identities.is_object()) {
    return BadField(source, "identities", identities, "not an object",
                    "write {\"identity\": [\"role\"]}");
  }
  for (const auto& [identity, names] : identities.items()) {
    ASSIGN_OR_RETURN(out.identities[identity],
                     ParseRoles(source, StrCat("identities.", Shorten(identity)), names));
  }
  return absl::OkStatus();
}

absl::Status ParseField(std::string_view source, const std::string& key, const Json& value,
                        RoleMap& out) {
  if (key == "identities") return ParseIdentities(source, value, out);
  if (key != "others") {
    return BadField(source, Shorten(key), value, "not a known field",
                    "use \"identities\" and \"others\"");
  }
  if (value != "certificate" && value != "none") {
    return BadField(source, key, value, "not known", "write \"certificate\" or \"none\"");
  }
  out.others_by_certificate = value == "certificate";
  return absl::OkStatus();
}

}  // namespace

RoleSet RoleOf(std::string_view name) {
  for (const auto& [known, role] : kNames) {
    if (known == name) return role;
  }
  return kNoRole;
}

std::string DescribeRoles(RoleSet roles) {
  std::string out;
  for (const auto& [name, role] : kNames) {
    if ((roles & role) != 0) StrAppend(&out, out.empty() ? "" : ", ", name);
  }
  return out.empty() ? "no role" : out;
}

Caller CallerFrom(const std::vector<std::string>& uris, std::string_view common_name,
                  std::string_view subject) {
  for (const std::string& uri : uris) {
    if (uri.starts_with(kSpiffe)) return {uri, RoleOf(FirstOfPath(uri))};
  }
  Caller out{std::string(common_name), kNoRole};
  for (const std::string_view attribute : Attributes(subject)) {
    if (attribute.starts_with("OU=")) out.certificate_roles |= RoleOf(attribute.substr(3));
  }
  return out;
}

absl::StatusOr<RoleMap> ParseRoleMap(std::string_view text, std::string_view source) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) {
    return FieldError(source, Shorten(text), "not a JSON object",
                      "write {\"identities\": {\"alice\": [\"client\"]}}");
  }
  RoleMap out;
  for (const auto& [key, value] : json.items()) {
    RETURN_IF_ERROR(ParseField(source, key, value, out));
  }
  return out;
}

RoleSet RolesOf(const RoleMap& map, const Caller& caller) {
  const auto found = map.identities.find(caller.identity);
  if (found != map.identities.end()) return found->second;
  return map.others_by_certificate ? caller.certificate_roles : kNoRole;
}

}  // namespace tact
