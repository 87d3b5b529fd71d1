// Reads the golden data, and says how much of it a test has used.
#ifndef TACT_TESTS_GOLDEN_REFERENCE_H_
#define TACT_TESTS_GOLDEN_REFERENCE_H_

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "common/model/safetensors.h"

namespace tact::golden {

// $TACT_REFERENCE_DIR, or the committed folder.
std::filesystem::path ReferenceFolder();

// Files below the folder; a missing or broken one ends the test with its name.
nlohmann::json ReadJson(const std::string& file);
SafeTensors ReadTensors(const std::string& file);

std::vector<float> Floats(const SafeTensors& tensors, const std::string& name);
std::vector<int32_t> Ids(const SafeTensors& tensors, const std::string& name);  // from i64
std::vector<int64_t> Shape(const SafeTensors& tensors, const std::string& name);

// Prints "golden: THEME used N of M cases"; M as the generator counted them where it did.
void PrintShare(const std::string& theme, size_t used, size_t total);

// Greatest |a - b|, with equal infinities as 0, divided by the greatest finite |b| (1 if there is
// none). Different sizes give infinity.
double ScaledDifference(std::span<const float> a, std::span<const float> b);

}  // namespace tact::golden

#endif  // TACT_TESTS_GOLDEN_REFERENCE_H_
