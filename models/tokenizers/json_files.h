// The small JSON files that Hugging Face puts beside a tokenizer's model.
#pragma once

#include <filesystem>
#include <string>

namespace tact::tokenizers {

// tokenizer_config.json and special_tokens_map.json of a T5 tokenizer with 100 extra ids.
void WriteT5Configs(const std::filesystem::path& folder);

// The same files of a RoBERTa tokenizer.
void WriteRobertaConfigs(const std::filesystem::path& folder);

// Throws std::runtime_error that names the file if it cannot be written.
void WriteFile(const std::filesystem::path& path, const std::string& content);

// Throws std::runtime_error that names the file if it cannot be read.
std::string ReadFile(const std::filesystem::path& path);

}  // namespace tact::tokenizers
