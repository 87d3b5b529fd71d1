// tact-train-tokenizer: trains the tokenizer of the policy (unigram) or the classifier (bytebpe).
#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "models/tokenizers/byte_bpe.h"
#include "models/tokenizers/corpus.h"
#include "models/tokenizers/json_files.h"
#include "models/tokenizers/unigram.h"

namespace tact::tokenizers {
namespace {

struct Options {
  std::vector<std::filesystem::path> inputs;
  std::vector<std::string> fields = {"prompt", "response", "dialogue", "summary", "text"};
  std::filesystem::path out;
  size_t vocabulary = 800;
  size_t whole_words = 40;
  std::string symbols = "\u2581#Person1#:,\u2581#Person2#:";
  int threads = 1;
};

void AddOptions(CLI::App& command, Options& options) {
  command.add_option("--input", options.inputs, "Text files, or .jsonl files with text fields")
      ->required()
      ->check(CLI::ExistingFile);
  command.add_option("--fields", options.fields, "Fields of the .jsonl files to read");
  command.add_option("--out", options.out, "Folder to write into, made if needed")->required();
  command.add_option("--vocab", options.vocabulary, "Size of the vocabulary")
      ->check(CLI::Range(300, 200000))
      ->capture_default_str();
}

void RunUnigram(const Options& options) {
  std::vector<std::string> corpus = ReadCorpus(options.inputs, options.fields);
  for (std::string& line : SupportLines(corpus, options.whole_words)) {
    corpus.push_back(std::move(line));
  }
  std::filesystem::create_directories(options.out);
  TrainUnigram(corpus, {static_cast<int>(options.vocabulary), options.threads, options.symbols},
               options.out);
  WriteT5Configs(options.out);
}

void RunByteBpe(const Options& options) {
  const ByteBpe bpe = TrainByteBpe(ReadCorpus(options.inputs, options.fields), options.vocabulary);
  std::filesystem::create_directories(options.out);
  WriteByteBpe(bpe, options.out);
  WriteRobertaConfigs(options.out);
}

}  // namespace
}  // namespace tact::tokenizers

int main(int argc, char** argv) {
  using tact::tokenizers::Options;
  CLI::App app{"Trains the tokenizers of tact's embedded models."};
  app.require_subcommand(1);
  Options options;
  CLI::App* unigram = app.add_subcommand("unigram", "SentencePiece unigram model, as T5 has");
  AddOptions(*unigram, options);
  unigram
      ->add_option("--whole-words", options.whole_words,
                   "Propose words of at least so many occurrences as pieces")
      ->capture_default_str();
  unigram->add_option("--symbols", options.symbols, "Strings that are one piece, joined by commas")
      ->capture_default_str();
  unigram->add_option("--threads", options.threads, "Threads; the result may depend on it")
      ->capture_default_str();
  CLI::App* bpe = app.add_subcommand("bytebpe", "Byte-level byte-pair encoding, as RoBERTa has");
  AddOptions(*bpe, options);
  CLI11_PARSE(app, argc, argv);
  try {
    *unigram ? tact::tokenizers::RunUnigram(options) : tact::tokenizers::RunByteBpe(options);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}
