// The parts of hub.h that touch no network.
#include <algorithm>
#include <cctype>

#include "absl/strings/ascii.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/tactctl/hub.h"

namespace tact::ctl {

absl::StatusOr<Url> ParseUrl(const std::string& url) {
  const bool known = url.starts_with("https://") || url.starts_with("http://");
  const size_t host = known ? url.find("://") + 3 : 0;
  const size_t slash = url.find('/', host);
  if (!known || host == url.size() || slash == host) {
    return FieldError("URL", url, "not an http or https address", "write https://host/path");
  }
  return Url{url.substr(0, slash), slash == std::string::npos ? "/" : url.substr(slash)};
}

absl::StatusOr<Url> ResolveRedirect(const Url& from, const std::string& location) {
  if (location.starts_with("//")) {
    return ParseUrl(StrCat(from.origin.substr(0, from.origin.find("//")), location));
  }
  if (location.starts_with("/")) return Url{from.origin, location};
  ASSIGN_OR_RETURN(Url to, ParseUrl(location));
  const bool downgrade = from.origin.starts_with("https://") && to.origin.starts_with("http://");
  if (downgrade) {
    return FieldError("Location", location, "redirect from https to http",
                      "use another --endpoint");
  }
  return to;
}

std::string Sha256OfEtag(std::string etag) {
  if (etag.starts_with("W/")) etag.erase(0, 2);
  std::erase(etag, '"');
  absl::AsciiStrToLower(&etag);
  const bool hex = std::all_of(etag.begin(), etag.end(), [](char c) {
    return absl::ascii_isxdigit(static_cast<unsigned char>(c));
  });
  return hex && etag.size() == 64 ? etag : "";
}

}  // namespace tact::ctl
