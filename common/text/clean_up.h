// Hugging Face's clean_up_tokenization, which decode() applies unless told otherwise.
#ifndef TACT_COMMON_TEXT_CLEAN_UP_H_
#define TACT_COMMON_TEXT_CLEAN_UP_H_

#include <string>

namespace tact {

// " ." to ".", " n't" to "n't", and eight more.
std::string CleanUpTokenization(std::string text);

}  // namespace tact

#endif  // TACT_COMMON_TEXT_CLEAN_UP_H_
