// The Porter stemmer (Porter 1980, "An algorithm for suffix stripping") as NLTK's PorterStemmer has
// it in its default mode NLTK_EXTENSIONS, which rouge_score uses.
#ifndef TACT_SERVICES_EVALUATION_ROUGE_PORTER_STEMMER_H_
#define TACT_SERVICES_EVALUATION_ROUGE_PORTER_STEMMER_H_

#include <string>
#include <string_view>

namespace tact::rouge {

// `word` in lower-case ASCII letters and digits.
std::string PorterStem(std::string_view word);

}  // namespace tact::rouge

#endif  // TACT_SERVICES_EVALUATION_ROUGE_PORTER_STEMMER_H_
