// rouge_score 0.1.2's tokenizer: lower case, words of [a-z0-9], stems of words longer than three.
#ifndef TACT_SERVICES_EVALUATION_ROUGE_ROUGE_TOKENIZER_H_
#define TACT_SERVICES_EVALUATION_ROUGE_ROUGE_TOKENIZER_H_

#include <string>
#include <string_view>
#include <vector>

namespace tact::rouge {

using Tokens = std::vector<std::string>;

// `text` is UTF-8; all that is not an ASCII letter or digit separates words.
Tokens Tokenize(std::string_view text, bool use_stemmer);

}  // namespace tact::rouge

#endif  // TACT_SERVICES_EVALUATION_ROUGE_ROUGE_TOKENIZER_H_
