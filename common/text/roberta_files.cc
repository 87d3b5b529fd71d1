#include "common/text/roberta_files.h"

#include <utility>

#include "common/base/file.h"
#include "common/base/status.h"

namespace tact {
namespace {

constexpr size_t kMaxFileBytes = size_t{64} << 20;

TokenizerSettings Defaults(TokenizerFlavor flavor) {
  TokenizerSettings defaults;
  const bool strips = flavor == TokenizerFlavor::kSlow;
  defaults.plain = AddedToken{"", strips, strips};
  auto& named = defaults.special.named;
  for (const TokenRole role : {kBos, kCls}) named[role] = AddedToken{"<s>", false, false};
  for (const TokenRole role : {kEos, kSep}) named[role] = AddedToken{"</s>", false, false};
  named[kUnk] = AddedToken{"<unk>", false, false};
  named[kPad] = AddedToken{"<pad>", false, false};
  named[kMask] = AddedToken{"<mask>", true, false};
  return defaults;
}

}  // namespace

absl::StatusOr<RobertaFiles> LoadRobertaFiles(const std::filesystem::path& folder,
                                              TokenizerFlavor flavor) {
  RobertaFiles out;
  out.file = (folder / "vocab.json").string();
  const std::string merges_file = (folder / "merges.txt").string();
  ASSIGN_OR_RETURN(out.settings, ReadTokenizerSettings(folder, Defaults(flavor)));
  auto& special = out.settings.special;
  if (out.settings.config_additional) special.additional = *out.settings.config_additional;
  if (out.settings.map_additional) special.additional = *out.settings.map_additional;
  RETURN_IF_ERROR(RequireRoles(special, {kCls, kSep, kUnk}, "cls, sep or unk", out.file));
  ASSIGN_OR_RETURN(const std::string json, ReadFile(out.file, kMaxFileBytes));
  ASSIGN_OR_RETURN(out.vocabulary, ParseBpeVocabulary(json, out.file));
  const std::string& unknown = special.named[kUnk]->content;
  const auto unk = out.vocabulary.ids.find(unknown);
  if (unk == out.vocabulary.ids.end()) return UnknownTokenError(out.file, unknown);
  out.unk_id = unk->second;
  ASSIGN_OR_RETURN(out.merges, ReadFile(merges_file, kMaxFileBytes));
  if (flavor == TokenizerFlavor::kFast) {
    RETURN_IF_ERROR(CheckMerges(out.merges, out.vocabulary, merges_file));
  }
  return out;
}

std::vector<int32_t> RobertaSequence(RobertaEnds ends, std::span<const int32_t> a) {
  std::vector<int32_t> out = {ends.cls};
  out.insert(out.end(), a.begin(), a.end());
  out.push_back(ends.sep);
  return out;
}

std::vector<int32_t> RobertaPair(RobertaEnds ends, std::span<const int32_t> a,
                                 std::span<const int32_t> b) {
  std::vector<int32_t> out = RobertaSequence(ends, a);
  out.push_back(ends.sep);
  out.insert(out.end(), b.begin(), b.end());
  out.push_back(ends.sep);
  return out;
}

}  // namespace tact
