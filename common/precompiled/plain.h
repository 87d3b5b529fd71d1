// The headers that most of tact's sources read, compiled once. Sources still include what they use.
#ifndef TACT_COMMON_PRECOMPILED_PLAIN_H_
#define TACT_COMMON_PRECOMPILED_PLAIN_H_

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

#endif  // TACT_COMMON_PRECOMPILED_PLAIN_H_
