#include "common/text/unigram.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "common/text/utf8.h"

namespace tact {
namespace {

constexpr double kUnknownPenalty = 10;

}  // namespace

Unigram::Unigram(std::vector<std::string> pieces, std::vector<double> scores, int32_t unk_id)
    : pieces_(std::move(pieces)),
      scores_(std::move(scores)),
      trie_(pieces_),
      unk_id_(unk_id),
      unk_score_(*std::min_element(scores_.begin(), scores_.end()) - kUnknownPenalty) {}

std::vector<Unigram::Step> Unigram::BestSteps(std::string_view word) const {
  std::vector<Step> steps(word.size() + 1);
  for (size_t at = 0, next = 0; at < word.size(); at = next) {
    NextCodePoint(word, &next);
    const size_t character = next - at;
    const double so_far = steps[at].score;
    bool is_piece = false;
    const auto offer = [&](size_t length, int32_t id, double score) {
      Step& step = steps[at + length];
      if (step.start >= 0 && so_far + score <= step.score) return;
      step = {so_far + score, static_cast<int32_t>(at), id};
    };
    trie_.ForEachPrefix(word.substr(at), [&](size_t length, int32_t id) {
      offer(length, id, scores_[static_cast<size_t>(id)]);
      is_piece = is_piece || length == character;
    });
    if (!is_piece) offer(character, unk_id_, unk_score_);
  }
  return steps;
}

void Unigram::Append(std::string_view word, TokenList* out) const {
  const std::vector<Step> steps = BestSteps(word);
  std::vector<std::pair<size_t, int32_t>> ends;  // of the tokens, from the last to the first
  for (size_t end = word.size(); end > 0; end = static_cast<size_t>(steps[end].start)) {
    const bool fuse = !ends.empty() && ends.back().second == unk_id_ && steps[end].id == unk_id_;
    if (!fuse) ends.emplace_back(end, steps[end].id);
  }
  size_t begin = 0;
  for (auto token = ends.rbegin(); token != ends.rend(); ++token) {
    const auto [end, id] = *token;
    const std::string_view text = word.substr(begin, end - begin);
    begin = end;
    // Unknown characters side by side may spell a piece, if only the unknown piece's own name.
    const int32_t known = id == unk_id_ ? Find(text) : id;
    out->Add(known < 0 ? unk_id_ : known, text);
  }
}

double ScoreFromJson(float score) {
  char text[64];
  const auto end =
      std::to_chars(text, text + sizeof(text), std::abs(double{score}), std::chars_format::fixed);
  if (end.ec != std::errc()) return score;  // far below what any training gives
  uint64_t digits = 0;
  int decimals = 0;
  bool behind_point = false;
  for (const char* c = text; c != end.ptr; ++c) {
    if (*c == '.') {
      behind_point = true;
      continue;
    }
    if (digits > UINT64_MAX / 10 - 1) return score;  // no score of a model is so long
    digits = digits * 10 + static_cast<uint64_t>(*c - '0');
    decimals += behind_point ? 1 : 0;
  }
  return std::copysign(static_cast<double>(digits) / std::pow(10.0, decimals), double{score});
}

}  // namespace tact
