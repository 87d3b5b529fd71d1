#include "services/policy/policy_options.h"

#include <CLI/CLI.hpp>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/kernels/dtype_flag.h"
#include "common/rpc/health_monitor.h"

namespace tact {
namespace {

absl::Status CheckFlag(std::string_view flag, int64_t value, int64_t min, int64_t max) {
  if (value >= min && value <= max) return absl::OkStatus();
  return FieldError(flag, StrCat(value), "is out of range", StrCat("give ", min, " to ", max));
}

}  // namespace

void AddPolicyFlags(CLI::App& app, PolicyOptions& o) {
  const auto add = [&app](const char* name, auto& value, const char* help) {
    app.add_option(name, value, help)->capture_default_str();
  };
  app.add_option("--model", o.model, "T5 folder: config.json, model.safetensors, spiece.model")
      ->required();
  AddDtypeFlag(app, o.weight_type);
  add("--threads", o.engine.threads, "compute threads; 0 takes every CPU of this process");
  add("--max-prompt-tokens", o.engine.sequence.max_prompt_tokens, "longest prompt");
  add("--max-new-tokens", o.engine.sequence.max_new_tokens, "longest response");
  add("--max-running", o.engine.batch.max_running, "sequences in the running batch");
  add("--max-batch-tokens", o.engine.batch.max_batch_tokens,
      "prompt tokens held by the running batch");
  add("--max-waiting", o.engine.max_waiting, "prompts in the queue; more are refused");
  add("--max-models", o.max_models, "served weight sets, the base included");
  add("--max-push-mb", o.max_push_mb, "MiB that pushes in flight may stage");
  app.add_option("--adapter", o.adapters, "NAME=FOLDER: a PEFT adapter to serve; may be repeated");
  app.add_option("--adapter-dir", o.adapter_dir, "where LoadAdapter may read; without it nowhere");
  AddStallFlags(app, o.stall);
  AddServerFlags(app, o.server, 7001, 7101);
}

absl::Status ValidatePolicyOptions(const PolicyOptions& o) {
  const BatchLimits& batch = o.engine.batch;
  const SequenceLimits& sequence = o.engine.sequence;
  RETURN_IF_ERROR(CheckFlag("--threads", o.engine.threads, 0, 1024));
  RETURN_IF_ERROR(CheckFlag("--max-prompt-tokens", sequence.max_prompt_tokens, 1, 65536));
  RETURN_IF_ERROR(CheckFlag("--max-new-tokens", sequence.max_new_tokens, 1, 65536));
  RETURN_IF_ERROR(CheckFlag("--max-running", batch.max_running, 1, 4096));
  RETURN_IF_ERROR(CheckFlag("--max-batch-tokens", batch.max_batch_tokens,
                            sequence.max_prompt_tokens, int64_t{1} << 24));
  RETURN_IF_ERROR(
      CheckFlag("--max-waiting", static_cast<int64_t>(o.engine.max_waiting), 1, 1 << 20));
  RETURN_IF_ERROR(CheckFlag("--max-models", static_cast<int64_t>(o.max_models), 1, 1024));
  return CheckFlag("--max-push-mb", static_cast<int64_t>(o.max_push_mb), 1, 1 << 20);
}

std::string DescribePolicyOptions(const PolicyOptions& o) {
  const BatchLimits& batch = o.engine.batch;
  return StrCat(
      "model=", o.model, " dtype=", kWeightTypeNames[static_cast<size_t>(o.weight_type)],
      " threads=", o.engine.threads, " max_prompt_tokens=", o.engine.sequence.max_prompt_tokens,
      " max_new_tokens=", o.engine.sequence.max_new_tokens, " max_running=", batch.max_running,
      " max_batch_tokens=", batch.max_batch_tokens, " max_waiting=", o.engine.max_waiting,
      " max_models=", o.max_models, " max_push_mb=", o.max_push_mb, " adapters=", o.adapters.size(),
      " adapter_dir=", o.adapter_dir, " address=", o.server.address,
      " http_address=", o.server.http_address);
}

}  // namespace tact
