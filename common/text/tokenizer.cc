#include "common/text/tokenizer.h"

#include <algorithm>
#include <system_error>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/text/roberta_fast_tokenizer.h"
#include "common/text/roberta_tokenizer.h"
#include "common/text/t5_fast_tokenizer.h"
#include "common/text/t5_tokenizer.h"
#include "common/text/utf8.h"

namespace tact {
namespace {

bool Has(const std::filesystem::path& folder, const char* file) {
  std::error_code error;
  return std::filesystem::exists(folder / file, error);
}

absl::Status NoTokenizer(const std::filesystem::path& folder) {
  std::error_code error;
  const auto fail = [&](std::string_view problem, std::string_view fix) {
    return MakeError(absl::StatusCode::kNotFound,
                     {"TOKENIZER_NOT_FOUND", folder.string(), "", std::string(fix)}, problem);
  };
  if (!std::filesystem::is_directory(folder, error)) {
    return fail("there is no such model folder", "give the path of a Hugging Face model folder");
  }
  if (Has(folder, "vocab.json")) {
    return fail("vocab.json is there but merges.txt is not", "copy the model's merges.txt there");
  }
  if (Has(folder, "merges.txt")) {
    return fail("merges.txt is there but vocab.json is not", "copy the model's vocab.json there");
  }
  if (Has(folder, "tokenizer.json")) {
    return fail("only the fast tokenizer's tokenizer.json is there",
                "copy the model's spiece.model, or vocab.json and merges.txt, there");
  }
  return fail("the folder has no tokenizer",
              "copy the model's spiece.model (T5), or vocab.json and merges.txt (RoBERTa), there");
}

absl::Status TooLong(std::string_view field_name, size_t found, size_t limit) {
  return MakeError(absl::StatusCode::kInvalidArgument,
                   {"TOO_MANY_TOKENS", std::string(field_name), StrCat(found, " tokens"),
                    "shorten it, ask for truncation, or raise the limit"},
                   StrCat("the text is above the limit of ", limit, " tokens"));
}

// The limit must hold the frame; in the slow flavour, where a text would have to lose every token,
// also one of them.
absl::Status CheckLimit(const Tokenizer& tokenizer, size_t tokens, size_t frame, size_t limit) {
  const bool may_empty = tokenizer.flavor() == TokenizerFlavor::kFast || tokens == 0;
  if (limit > frame || (limit == frame && may_empty)) return absl::OkStatus();
  return FieldError("max_tokens", StrCat(limit),
                    StrCat("must be above ", frame, ", the number of special tokens"), "raise it");
}

void CutSlowly(std::vector<int32_t>* a, std::vector<int32_t>* b, size_t limit) {
  while (a->size() + b->size() > limit) (a->size() > b->size() ? a : b)->pop_back();
}

// The shorter one stays whole if the other can give enough; else each gets a half.
void CutFast(std::vector<int32_t>* a, std::vector<int32_t>* b, size_t limit) {
  if (a->size() + b->size() <= limit) return;
  if (a->size() > b->size()) std::swap(a, b);
  if (a->size() > limit / 2) a->resize(limit / 2);
  b->resize(limit - a->size());
}

// Cutting a text up takes up to 40 times its size for a moment: it is refused before, not after.
absl::Status CheckText(std::string_view text, std::string_view field_name) {
  RETURN_IF_ERROR(ValidateUtf8(text, field_name));
  if (text.size() <= kMaxEncodedBytes) return absl::OkStatus();
  return FieldError(field_name, StrCat(text.size(), " bytes"),
                    StrCat("the text is above the limit of ", kMaxEncodedBytes, " bytes"),
                    "send a shorter text, or parts of it");
}

}  // namespace

std::vector<int32_t> Tokenizer::Encode(std::string_view text) const {
  return AddSpecialTokens(EncodeBare(text));
}

std::vector<int32_t> Tokenizer::EncodePair(std::string_view a, std::string_view b) const {
  if (b.empty() && flavor() == TokenizerFlavor::kFast) return Encode(a);
  return AddSpecialTokens(EncodeBare(a), EncodeBare(b));
}

absl::StatusOr<std::unique_ptr<const Tokenizer>> LoadTokenizer(const std::filesystem::path& folder,
                                                               TokenizerFlavor flavor) {
  const bool fast = flavor == TokenizerFlavor::kFast;
  if (Has(folder, "spiece.model")) {
    return fast ? T5FastTokenizer::Load(folder) : T5Tokenizer::Load(folder);
  }
  if (Has(folder, "vocab.json") && Has(folder, "merges.txt")) {
    return fast ? RobertaFastTokenizer::Load(folder) : RobertaTokenizer::Load(folder);
  }
  return NoTokenizer(folder);
}

absl::StatusOr<Encoded> EncodeBounded(const Tokenizer& tokenizer, std::string_view text,
                                      const EncodeOptions& options, std::string_view field_name) {
  RETURN_IF_ERROR(CheckText(text, field_name));
  const size_t frame = tokenizer.AddSpecialTokens({}).size();
  std::vector<int32_t> ids = tokenizer.EncodeBare(text);
  RETURN_IF_ERROR(CheckLimit(tokenizer, ids.size(), frame, options.max_tokens));
  Encoded whole{tokenizer.AddSpecialTokens(ids)};
  if (options.truncation == Truncation::kError) {
    if (whole.ids.size() <= options.max_tokens) return whole;
    return TooLong(field_name, whole.ids.size(), options.max_tokens);
  }
  // Like Python, room for the frame is kept even where the text ends with </s> itself.
  if (ids.size() + frame <= options.max_tokens) return whole;
  ids.resize(options.max_tokens - frame);
  Encoded cut{tokenizer.AddSpecialTokens(ids)};
  cut.truncated = cut.ids != whole.ids;
  return cut;
}

absl::StatusOr<Encoded> EncodePairBounded(const Tokenizer& tokenizer, std::string_view a,
                                          std::string_view b, const EncodeOptions& options,
                                          std::string_view field_name) {
  const bool fast = tokenizer.flavor() == TokenizerFlavor::kFast;
  if (fast && b.empty()) return EncodeBounded(tokenizer, a, options, field_name);
  RETURN_IF_ERROR(CheckText(a, field_name));
  RETURN_IF_ERROR(CheckText(b, field_name));
  const size_t frame = tokenizer.AddSpecialTokens({}, {}).size();
  std::vector<int32_t> first = tokenizer.EncodeBare(a);
  std::vector<int32_t> second = tokenizer.EncodeBare(b);
  RETURN_IF_ERROR(CheckLimit(tokenizer, first.size() + second.size(), frame, options.max_tokens));
  Encoded whole{tokenizer.AddSpecialTokens(first, second)};
  if (options.truncation == Truncation::kError) {
    if (whole.ids.size() <= options.max_tokens) return whole;
    return TooLong(field_name, whole.ids.size(), options.max_tokens);
  }
  (fast ? CutFast : CutSlowly)(&first, &second, options.max_tokens - frame);
  Encoded cut{tokenizer.AddSpecialTokens(first, second)};
  cut.truncated = cut.ids != whole.ids;
  return cut;
}

PaddedBatch PadBatch(std::span<const std::vector<int32_t>> rows, int32_t pad_id, size_t at_least) {
  PaddedBatch out;
  out.batch = rows.size();
  out.time = at_least;
  for (const auto& row : rows) out.time = std::max(out.time, row.size());
  out.ids.assign(out.batch * out.time, pad_id);
  out.mask.assign(out.batch * out.time, 0);
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto at = static_cast<ptrdiff_t>(i * out.time);
    std::copy(rows[i].begin(), rows[i].end(), out.ids.begin() + at);
    std::fill_n(out.mask.begin() + at, rows[i].size(), uint8_t{1});
  }
  return out;
}

}  // namespace tact
