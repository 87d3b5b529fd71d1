// No Abseil header may be included here: SentencePiece declares its own namespace absl.
#include "models/tokenizers/unigram.h"

#include <sentencepiece_trainer.h>

#include <stdexcept>
#include <unordered_map>

#include "models/tokenizers/json_files.h"

namespace tact::tokenizers {
namespace {

class LineIterator : public sentencepiece::SentenceIterator {
 public:
  explicit LineIterator(const std::vector<std::string>& lines) : lines_(lines) {}

  bool done() const override { return at_ == lines_.size(); }
  void Next() override { ++at_; }
  const std::string& value() const override { return lines_[at_]; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  const std::vector<std::string>& lines_;
  size_t at_ = 0;
};

}  // namespace

void TrainUnigram(const std::vector<std::string>& corpus, const UnigramOptions& options,
                  const std::filesystem::path& folder) {
  const std::unordered_map<std::string, std::string> arguments = {
      {"model_type", "unigram"},
      {"vocab_size", std::to_string(options.vocabulary)},
      {"hard_vocab_limit", "false"},
      {"character_coverage", "1.0"},
      {"pad_id", "0"},
      {"eos_id", "1"},
      {"unk_id", "2"},
      {"bos_id", "-1"},
      {"user_defined_symbols", options.symbols},
      {"num_threads", std::to_string(options.threads)},
      {"minloglevel", "2"}};
  std::string model;
  LineIterator lines(corpus);
  const auto status = sentencepiece::SentencePieceTrainer::Train(arguments, &lines, &model);
  if (!status.ok()) throw std::runtime_error("SentencePiece: " + status.ToString());
  WriteFile(folder / "spiece.model", model);
}

}  // namespace tact::tokenizers
