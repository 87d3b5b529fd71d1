// Tokenizers' files, data sets, prompt templates, and text itself.
#include <utf8.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "common/text/dataset.h"
#include "common/text/prompt_template.h"
#include "common/text/tokenizer.h"
#include "tests/fuzz/mutator.h"
#include "tests/fuzz/targets.h"

namespace tact::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr char kText[] =
    "Ann asks: \uFB01ve \uFF21\u0301 caf\u00e9s?  \u2460 <mask></s> <extra_id_0> \U0001F600";

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::abort();
}

void CheckText(const std::string& text, const char* what) {
  if (!utf8::is_valid(text.begin(), text.end())) Fail(std::string(what) + " is not UTF-8");
}

// Reads and writes a little, and an id that is not there.
void UseTokenizer(const Tokenizer& tokenizer) {
  std::vector<int32_t> ids = tokenizer.Encode(kText);
  ids.insert(ids.end(), {-1, tokenizer.vocab_size(), INT32_MAX, INT32_MIN});
  CheckText(tokenizer.Decode(ids, true), "a decoded text");
  CheckText(tokenizer.Decode(ids, false), "a decoded text");
  for (const int32_t id : ids) CheckText(tokenizer.IdToToken(id), "a token");
}

// A folder with the files of one of the small tokenizers, made once.
fs::path TokenizerFolder(const fs::path& parent, const std::string& name,
                         const std::vector<std::string>& files, const std::string& like) {
  fs::create_directories(parent / name);
  for (const std::string& file : files) {
    WriteInput(parent / name / file, SourceFile("common/text/testdata/" + like + "/" + file));
  }
  return parent / name;
}

// `file` of a folder is what is damaged; both flavours are loaded.
Target TokenizerTarget(const fs::path& parent, const std::string& like,
                       const std::vector<std::string>& files, const std::string& file,
                       std::vector<std::string> corpus, Grammar grammar) {
  const std::string name = like + " " + file;
  const fs::path folder = TokenizerFolder(parent, name, files, like);
  if (corpus.empty()) corpus.push_back(SourceFile("common/text/testdata/" + like + "/" + file));
  const auto run = [folder, file](const std::string& input) {
    WriteInput(folder / file, input);
    bool read = false;
    for (const TokenizerFlavor flavor : {TokenizerFlavor::kFast, TokenizerFlavor::kSlow}) {
      const auto tokenizer = LoadTokenizer(folder, flavor);
      if (!WasRead(tokenizer.status())) continue;
      read = true;
      UseTokenizer(**tokenizer);
    }
    return read;
  };
  return {name, std::move(corpus), run, grammar};
}

const std::vector<std::string> kConfigs = {
    R"({"unk_token": "<unk>", "eos_token": {"content": "</s>", "lstrip": false, "rstrip": true},)"
    R"( "pad_token": "<pad>", "extra_ids": 3, "add_prefix_space": true, "model_max_length": 512,)"
    R"( "additional_special_tokens": ["<extra_id_0>", "<extra_id_1>", "<extra_id_2>"]})",
    R"({"bos_token": "<s>", "cls_token": "<s>", "sep_token": "</s>", "mask_token":)"
    R"( {"content": "<mask>", "single_word": false, "normalized": true, "__type": "AddedToken"}})"};

std::vector<Target> TokenizerTargets(const fs::path& folder) {
  const std::vector<std::string> t5 = {"spiece.model"}, bpe = {"vocab.json", "merges.txt"};
  std::vector<Target> out;
  out.push_back(TokenizerTarget(folder, "t5", t5, "spiece.model", {}, Grammar::kBytes));
  out.push_back(TokenizerTarget(folder, "bpe", bpe, "vocab.json", {}, Grammar::kJson));
  out.push_back(TokenizerTarget(folder, "bpe", bpe, "merges.txt", {}, Grammar::kLines));
  for (const auto& [like, files] : {std::pair{std::string("t5"), t5}, {"bpe", bpe}}) {
    for (const char* file : {"tokenizer_config.json", "special_tokens_map.json"}) {
      out.push_back(TokenizerTarget(folder, like, files, file, kConfigs, Grammar::kJson));
    }
    out.push_back(TokenizerTarget(folder, like, files, "added_tokens.json",
                                  {R"({"<new>": 1000, "<other>": 1001})", R"({"<new>": 3})"},
                                  Grammar::kJson));
  }
  return out;
}

const std::vector<std::string> kJsonLines = {
    "{\"id\":\"a\",\"dialogue\":\"Ann: Hello, Ben.\",\"summary\":\"They meet.\",\"topic\":\"t\"}\n"
    "{\"fname\":\"b\",\"dialogue\":\"Ben: Bye.\",\"summary1\":\"x\",\"summary2\":\"y\"}\n",
    "{\"prompt\":\"Say one.\",\"response\":\"one\"}\n{\"prompt\":\"two\",\"response\":\"2\"}\n",
    "{\"text\":\"you are kind\",\"label\":0}\n{\"text\":\"you fool\",\"is_toxic\":\"Toxic\"}\n"};
const std::vector<std::string> kCsv = {
    "id,dialogue,summary\n1,\"Ann: Hello, \"\"Ben\"\".\nBen: Hi.\",They meet.\n2,b,c\n",
    "prompt,response\nSay one.,one\n\"a,b\",c\n", "\xEF\xBB\xBFtext,label\r\nkind,0\r\nfool,1\r\n"};

// Every kind of data set, read under one name.
bool ReadAsEach(const std::string& input, const char* name) {
  const auto dialogues = ParseDialogues(input, name);
  const auto pairs = ParsePromptPairs(input, name);
  const auto texts = ParseLabelledTexts(input, name);
  if (WasRead(dialogues.status())) {
    for (const DialogueExample& one : *dialogues) CheckText(one.dialogue, "a dialogue");
  }
  if (WasRead(pairs.status())) {
    for (const PromptPair& one : *pairs) CheckText(one.prompt + one.response, "a pair");
  }
  if (WasRead(texts.status())) {
    for (const LabelledText& one : *texts) CheckText(one.text, "a text");
  }
  return dialogues.ok() || pairs.ok() || texts.ok();
}

Target DatasetTarget(const char* name, const char* file, std::vector<std::string> corpus) {
  return {name, std::move(corpus),
          [file](const std::string& input) { return ReadAsEach(input, file); }, Grammar::kLines};
}

Target TemplateTarget() {
  const DialogueExample example{"1", "Ann: Hello {dialogue} {{", {"They meet."}, "meeting", ""};
  const auto run = [example](const std::string& input) {
    const auto found = FindTemplate(input);
    if (!WasRead(found.status())) return false;
    const auto prompt = BuildPrompt(*found, example);
    WasRead(prompt.status());
    WasRead(BuildFewShotPrompt(*found, std::vector{example}, example).status());
    return true;
  };
  return {"prompt template",
          {"summarize", "Summarise.\n{dialogue}\nAbout {topic}: ", "{{{dialogue}}} {summary}"},
          run,
          Grammar::kLines};
}

// Texts of strangers, through tokenizers that are whole. Long ones through the fast flavour alone,
// which is the one that services have: the slow one takes 240 times a text's size.
Target PromptTarget(const fs::path& parent, const std::string& like,
                    const std::vector<std::string>& files) {
  const fs::path folder = TokenizerFolder(parent, like + " whole", files, like);
  std::vector<std::shared_ptr<const Tokenizer>> tokenizers;
  for (const TokenizerFlavor flavor : {TokenizerFlavor::kFast, TokenizerFlavor::kSlow}) {
    tokenizers.emplace_back(LoadTokenizer(folder, flavor).value());
  }
  const auto run = [tokenizers](const std::string& input) {
    bool read = false;
    for (const auto& tokenizer : tokenizers) {
      if (input.size() > kMaxInput && tokenizer->flavor() == TokenizerFlavor::kSlow) continue;
      const auto encoded = EncodeBounded(*tokenizer, input, {.max_tokens = 100'000}, "prompts[0]");
      if (WasRead(encoded.status())) {
        read = true;
        CheckText(tokenizer->Decode(encoded->ids, true), "a decoded text");
      }
      if (input.size() > kMaxInput) continue;
      CheckText(tokenizer->Decode(tokenizer->Encode(input), false), "a decoded text");
    }
    return read;
  };
  return {like + " prompt",
          {kText, "Ann: Hello, Ben.\nBen: Hi! \u4f60\u597d \u0e2a\u0e27"},
          run,
          Grammar::kLines};
}

}  // namespace

std::vector<Target> TextTargets(const fs::path& folder) {
  std::vector<Target> out = TokenizerTargets(folder);
  out.push_back(DatasetTarget("jsonl", "set.jsonl", kJsonLines));
  out.push_back(DatasetTarget("csv", "set.csv", kCsv));
  out.push_back(DatasetTarget("data set of no name", "set", {kJsonLines[0], kCsv[0]}));
  out.push_back(TemplateTarget());
  out.push_back(PromptTarget(folder, "t5", {"spiece.model"}));
  out.push_back(PromptTarget(folder, "bpe", {"vocab.json", "merges.txt"}));
  return out;
}

}  // namespace tact::fuzz
