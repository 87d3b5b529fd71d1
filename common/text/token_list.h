// Where tokenizers put what they find: ids, and the tokens' texts for those who ask for them.
#ifndef TACT_COMMON_TEXT_TOKEN_LIST_H_
#define TACT_COMMON_TEXT_TOKEN_LIST_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tact {

struct TokenList {
  std::vector<int32_t> ids;
  std::vector<std::string>* texts = nullptr;  // one for each id

  void Add(int32_t id, std::string_view text) {
    ids.push_back(id);
    if (texts != nullptr) texts->emplace_back(text);
  }
};

}  // namespace tact

#endif  // TACT_COMMON_TEXT_TOKEN_LIST_H_
