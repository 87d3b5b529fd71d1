// Flags that fill protobuf messages: one line a field.
#ifndef TACT_SERVICES_TACTCTL_FLAGS_H_
#define TACT_SERVICES_TACTCTL_FLAGS_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "tact/v1/common.pb.h"

namespace tact::ctl {

// A flag whose value goes to `set` when it is given.
template <typename T>
CLI::Option* AddField(CLI::App& app, const std::string& flag, const std::string& help,
                      std::function<void(T)> set) {
  return app.add_option_function<T>(
      flag, [set](const T& value) { set(value); }, help);
}

// A flag pair "--name,!--no-name" whose value goes to `set` when either is given.
void AddSwitch(CLI::App& app, const std::string& name, const std::string& help,
               std::function<void(bool)> set);

// --max-new-tokens, --temperature ...; `sampling` must outlive the parse.
void AddSamplingFlags(CLI::App& app, v1::SamplingParams* sampling);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_FLAGS_H_
