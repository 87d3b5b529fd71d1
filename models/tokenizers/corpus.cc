#include "models/tokenizers/corpus.h"

#include <cctype>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "models/tokenizers/json_files.h"

namespace tact::tokenizers {
namespace {

void AddLines(const std::string& text, std::vector<std::string>& lines) {
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (line.find_first_not_of(" \t\r") != std::string::npos) lines.push_back(line);
  }
}

void AddFields(const std::string& line, const std::vector<std::string>& fields,
               std::vector<std::string>& lines) {
  const nlohmann::json object = nlohmann::json::parse(line);
  for (const std::string& field : fields) {
    if (object.contains(field)) AddLines(object.at(field).get<std::string>(), lines);
  }
}

void AddJsonLines(const std::filesystem::path& file, const std::vector<std::string>& fields,
                  std::vector<std::string>& lines) {
  std::istringstream in(ReadFile(file));
  size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    try {
      AddFields(line, fields, lines);
    } catch (const nlohmann::json::exception& error) {
      throw std::runtime_error(file.string() + ":" + std::to_string(number) + ": " + error.what());
    }
  }
}

std::map<std::string, size_t> CountWords(const std::vector<std::string>& corpus) {
  std::map<std::string, size_t> counts;
  for (const std::string& line : corpus) {
    std::string word;
    for (char c : line + " ") {
      if (std::isalpha(static_cast<unsigned char>(c))) {
        word += c;
      } else if (!word.empty()) {
        ++counts[word];
        word.clear();
      }
    }
  }
  return counts;
}

}  // namespace

std::vector<std::string> ReadCorpus(const std::vector<std::filesystem::path>& files,
                                    const std::vector<std::string>& fields) {
  std::vector<std::string> lines;
  for (const std::filesystem::path& file : files) {
    if (file.extension() == ".jsonl") {
      AddJsonLines(file, fields, lines);
    } else {
      AddLines(ReadFile(file), lines);
    }
  }
  return lines;
}

std::vector<std::string> SupportLines(const std::vector<std::string>& corpus, size_t min_count) {
  std::vector<std::string> lines;
  for (const auto& [word, count] : CountWords(corpus)) {
    if (count >= min_count) lines.push_back(word + ", " + word + ". " + word);
  }
  for (char c = '!'; c <= '~'; ++c) {
    const std::string one(1, c);
    lines.push_back(one + " " + one + " " + one + " " + one + one);
  }
  return lines;
}

}  // namespace tact::tokenizers
