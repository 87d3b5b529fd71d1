#include "models/tokenizers/json_files.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

namespace tact::tokenizers {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kExtraIds = 100;
constexpr int kMaxLength = 512;

void WriteJson(const std::filesystem::path& path, const Json& json) {
  WriteFile(path, json.dump(2) + "\n");
}

}  // namespace

void WriteT5Configs(const std::filesystem::path& folder) {
  Json extra = Json::array();
  for (int i = 0; i < kExtraIds; ++i) extra.push_back("<extra_id_" + std::to_string(i) + ">");
  const Json special = {{"additional_special_tokens", extra},
                        {"eos_token", "</s>"},
                        {"pad_token", "<pad>"},
                        {"unk_token", "<unk>"}};
  WriteJson(folder / "special_tokens_map.json", special);
  Json config = special;
  config["extra_ids"] = kExtraIds;
  config["model_max_length"] = kMaxLength;
  config["tokenizer_class"] = "T5Tokenizer";
  WriteJson(folder / "tokenizer_config.json", config);
}

void WriteRobertaConfigs(const std::filesystem::path& folder) {
  const Json special = {{"bos_token", "<s>"},    {"eos_token", "</s>"},  {"unk_token", "<unk>"},
                        {"sep_token", "</s>"},   {"pad_token", "<pad>"}, {"cls_token", "<s>"},
                        {"mask_token", "<mask>"}};
  WriteJson(folder / "special_tokens_map.json", special);
  Json config = special;
  config["add_prefix_space"] = false;
  config["model_max_length"] = kMaxLength;
  config["tokenizer_class"] = "RobertaTokenizer";
  WriteJson(folder / "tokenizer_config.json", config);
}

void WriteFile(const std::filesystem::path& path, const std::string& content) {
  std::ofstream out(path, std::ios::binary);
  out << content;
  out.flush();
  if (!out) throw std::runtime_error(path.string() + ": cannot be written");
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error(path.string() + ": cannot be read");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace tact::tokenizers
