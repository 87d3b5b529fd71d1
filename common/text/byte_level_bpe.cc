#include "common/text/byte_level_bpe.h"

#include <algorithm>
#include <functional>
#include <queue>

#include "common/base/json_text.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/text/utf8.h"
#include "nlohmann/json.hpp"

namespace tact {
namespace {

constexpr int32_t kMaxId = 10'000'000;
constexpr size_t kCachedWordBytes = 64;
constexpr size_t kCachedWords = size_t{1} << 16;
constexpr size_t kBytes = 256;

bool IsPrintableLatin1(size_t byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

std::array<char32_t, kBytes> ByteCharacters() {
  std::array<char32_t, kBytes> characters;
  char32_t next = 0x100;
  for (size_t byte = 0; byte < kBytes; ++byte) {
    characters[byte] = IsPrintableLatin1(byte) ? static_cast<char32_t>(byte) : next++;
  }
  return characters;
}

// The byte that a character of a token stands for.
std::optional<char> ByteOf(char32_t character) {
  static const auto* const bytes = [] {
    auto* made = new absl::flat_hash_map<char32_t, char>;
    const auto characters = ByteCharacters();
    for (size_t byte = 0; byte < kBytes; ++byte) {
      made->emplace(characters[byte], static_cast<char>(byte));
    }
    return made;
  }();
  const auto found = bytes->find(character);
  return found == bytes->end() ? std::nullopt : std::optional(found->second);
}

uint64_t PairKey(int32_t left, int32_t right) {
  return (static_cast<uint64_t>(left) << 32) | static_cast<uint32_t>(right);
}

// The two tokens of a line of merges.txt.
std::optional<std::pair<std::string_view, std::string_view>> SplitMerge(std::string_view line) {
  line = Strip(line);
  const std::string_view first = line.substr(0, line.find(' '));
  const std::string_view second = StripLeft(line.substr(first.size()));
  if (first.empty() || second.empty() || second.find(' ') != second.npos) return std::nullopt;
  return std::pair(first, second);
}

absl::Status CheckMerge(std::string_view line, const BpeVocabulary& vocabulary,
                        std::string_view where) {
  if (Strip(line).empty()) return absl::OkStatus();
  const auto fail = [&](std::string_view found, std::string_view problem) {
    return FieldError(where, Shorten(found), problem,
                      "copy vocab.json and merges.txt from the same model");
  };
  const auto pair = SplitMerge(line);
  if (!pair) return fail(line, "not two tokens with a space between them");
  const auto [first, second] = *pair;
  for (const auto& token : {std::string(first), std::string(second), StrCat(first, second)}) {
    if (!vocabulary.ids.contains(token)) return fail(token, "a token that vocab.json lacks");
  }
  return absl::OkStatus();
}

// A linked list of symbols by position, so that joining two costs nothing but its own work.
class SymbolList {
 public:
  explicit SymbolList(std::vector<int32_t> symbols)
      : symbols_(std::move(symbols)), previous_(symbols_.size()), next_(symbols_.size()) {
    for (int32_t i = 0; i < size(); ++i) {
      previous_[i] = i - 1;
      next_[i] = i + 1;
    }
  }

  int32_t size() const { return static_cast<int32_t>(symbols_.size()); }
  int32_t At(int32_t position) const { return symbols_[position]; }
  int32_t Previous(int32_t position) const { return previous_[position]; }
  int32_t Next(int32_t position) const { return next_[position]; }
  // Whether a symbol stands at `left` and another behind it.
  bool HasPair(int32_t left) const {
    return left >= 0 && symbols_[left] != kGone && next_[left] < size();
  }

  // The symbol at `left` and the one behind it become `result`, at `left`.
  void Join(int32_t left, int32_t result) {
    const int32_t right = next_[left];
    symbols_[left] = result;
    symbols_[right] = kGone;
    next_[left] = next_[right];
    if (next_[left] < size()) previous_[next_[left]] = left;
  }

  std::vector<int32_t> Left() && {
    std::erase(symbols_, kGone);
    return std::move(symbols_);
  }

 private:
  static constexpr int32_t kGone = -1;
  std::vector<int32_t> symbols_, previous_, next_;
};

}  // namespace

absl::StatusOr<BpeVocabulary> ParseBpeVocabulary(std::string_view json, std::string_view file) {
  const auto parsed = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object() || parsed.empty()) {
    return FieldError(file, Shorten(json, 20), "not a json object of tokens and ids",
                      "copy the model's vocab.json again");
  }
  BpeVocabulary out;
  for (const auto& [token, id] : parsed.items()) {
    if (!id.is_number_integer() || id < 0 || id > kMaxId) {
      return FieldError(StrCat(file, ": \"", token, "\""), JsonText(id),
                        StrCat("an id must be a whole number from 0 to ", kMaxId),
                        "copy the model's vocab.json again");
    }
    const auto index = id.get<int32_t>();
    out.ids.emplace(token, index);
    out.tokens.resize(std::max(out.tokens.size(), static_cast<size_t>(index) + 1));
    out.tokens[static_cast<size_t>(index)] = token;
  }
  return out;
}

const std::array<std::string, 256>& ByteTokens() {
  static const auto* const tokens = [] {
    auto* made = new std::array<std::string, kBytes>;
    const auto characters = ByteCharacters();
    for (size_t byte = 0; byte < kBytes; ++byte) AppendUtf8(characters[byte], &(*made)[byte]);
    return made;
  }();
  return *tokens;
}

std::string BytesOfTokens(std::string_view joined_tokens) {
  std::string out;
  for (size_t i = 0; i < joined_tokens.size();) {
    const char32_t character = NextCodePoint(joined_tokens, &i);
    if (const auto byte = ByteOf(character)) {
      out.push_back(*byte);
    } else {
      AppendUtf8(character, &out);
    }
  }
  return out;
}

std::string BytesOfToken(std::string_view token) {
  std::string out;
  for (size_t i = 0; i < token.size();) {
    const auto byte = ByteOf(NextCodePoint(token, &i));
    if (!byte) return std::string(token);
    out.push_back(*byte);
  }
  return out;
}

absl::Status CheckMerges(std::string_view merges_txt, const BpeVocabulary& vocabulary,
                         std::string_view file) {
  size_t number = 0;
  for (size_t end; (end = merges_txt.find('\n')) != merges_txt.npos;) {
    const std::string_view line = merges_txt.substr(0, end);
    merges_txt.remove_prefix(end + 1);
    if (++number == 1) continue;  // "#version: 0.2"
    RETURN_IF_ERROR(CheckMerge(line, vocabulary, StrCat(file, ": line ", number)));
  }
  if (merges_txt.empty()) return absl::OkStatus();
  return FieldError(StrCat(file, ": line ", number + 1), Shorten(merges_txt),
                    "the last line has no line end, so it would be left out",
                    "copy the model's merges.txt again; if it is whole, end it with a line end");
}

BytePairMerger::BytePairMerger(std::string_view merges_txt, const BpeVocabulary& vocabulary,
                               int32_t unk_id, TokenizerFlavor flavor)
    : unk_id_(unk_id), fast_(flavor == TokenizerFlavor::kFast) {
  for (size_t byte = 0; byte < kBytes; ++byte) {
    const auto& token = ByteTokens()[byte];
    const bool dropped = fast_ && !vocabulary.ids.contains(token);
    byte_symbols_[byte] = dropped ? kDropped : Intern(token, vocabulary);
  }
  int32_t rank = 0;  // of the first line, which is left out
  for (size_t at = 0, end; (end = merges_txt.find('\n', at)) != merges_txt.npos; at = end + 1) {
    if (rank > 0) AddMerge(merges_txt.substr(at, end - at), rank, vocabulary);
    ++rank;
  }
}

BytePairMerger::Symbol BytePairMerger::Intern(std::string_view token,
                                              const BpeVocabulary& vocabulary) {
  const auto [at, added] =
      symbols_.emplace(std::string(token), static_cast<Symbol>(symbol_ids_.size()));
  if (added) {
    const auto found = vocabulary.ids.find(token);
    symbol_ids_.push_back(found == vocabulary.ids.end() ? unk_id_ : found->second);
    symbol_texts_.push_back(&at->first);
  }
  return at->second;
}

void BytePairMerger::AddMerge(std::string_view line, int32_t rank,
                              const BpeVocabulary& vocabulary) {
  const auto pair = SplitMerge(line);
  if (!pair) return;
  const Symbol left = Intern(pair->first, vocabulary);
  const Symbol right = Intern(pair->second, vocabulary);
  const Symbol result = Intern(StrCat(pair->first, pair->second), vocabulary);
  const auto [at, added] = merges_.try_emplace(PairKey(left, right), Merge{rank, result});
  if (!added && !fast_) at->second.rank = rank;
}

const BytePairMerger::Merge* BytePairMerger::Find(Symbol left, Symbol right) const {
  const auto found = merges_.find(PairKey(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

// Rounds: the pair of lowest rank is merged wherever it stands, from left to right, before the
// pairs that this makes are looked at. The fast tokenizers look at them after every single merge,
// which is the same unless a product ranks before its parts.
std::vector<BytePairMerger::Symbol> BytePairMerger::MergeAll(std::vector<Symbol> symbols) const {
  SymbolList list(std::move(symbols));
  using Candidate = std::pair<int32_t, int32_t>;  // rank, position of the left symbol
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> candidates;
  const auto offer = [&](int32_t left) {
    if (!list.HasPair(left)) return;
    if (const Merge* merge = Find(list.At(left), list.At(list.Next(left)))) {
      candidates.emplace(merge->rank, left);
    }
  };
  for (int32_t i = 0; i < list.size(); ++i) offer(i);

  std::vector<int32_t> merged;
  while (!candidates.empty()) {
    const int32_t rank = candidates.top().first;
    merged.clear();
    while (!candidates.empty() && candidates.top().first == rank) {
      const int32_t left = candidates.top().second;
      candidates.pop();
      if (!list.HasPair(left)) continue;  // one of the two went into an earlier merge
      const Merge* merge = Find(list.At(left), list.At(list.Next(left)));
      if (merge == nullptr || merge->rank != rank) continue;
      list.Join(left, merge->result);
      merged.push_back(left);
      if (fast_) break;
    }
    for (const int32_t left : merged) {
      offer(list.Previous(left));
      offer(left);
    }
  }
  return std::move(list).Left();
}

std::vector<BytePairMerger::Symbol> BytePairMerger::SymbolsOf(std::string_view word) const {
  std::vector<Symbol> symbols;
  symbols.reserve(word.size());
  for (const char byte : word) symbols.push_back(byte_symbols_[static_cast<unsigned char>(byte)]);
  std::erase(symbols, kDropped);
  return symbols;
}

void BytePairMerger::AppendIds(std::string_view word, std::vector<int32_t>* ids) const {
  const bool cached = word.size() <= kCachedWordBytes;
  if (cached) {
    absl::ReaderMutexLock lock(&mutex_);
    if (const auto found = cache_.find(word); found != cache_.end()) {
      ids->insert(ids->end(), found->second.begin(), found->second.end());
      return;
    }
  }
  std::vector<int32_t> made;
  for (const Symbol symbol : MergeAll(SymbolsOf(word))) made.push_back(symbol_ids_[symbol]);
  ids->insert(ids->end(), made.begin(), made.end());
  if (!cached) return;
  absl::MutexLock lock(&mutex_);
  if (cache_.size() < kCachedWords) cache_.emplace(std::string(word), std::move(made));
}

void BytePairMerger::AppendTokens(std::string_view word, TokenList* out) const {
  if (out->texts == nullptr) return AppendIds(word, &out->ids);
  for (const Symbol symbol : MergeAll(SymbolsOf(word))) {
    const auto index = static_cast<size_t>(symbol);
    out->Add(symbol_ids_[index], *symbol_texts_[index]);
  }
}

}  // namespace tact
