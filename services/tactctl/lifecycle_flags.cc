#include "services/tactctl/lifecycle_flags.h"

#include <map>
#include <string>

#include "services/tactctl/flags.h"

namespace tact::ctl {
namespace {

void AddSelectionFlags(CLI::App& command, v1::JobSpec* spec) {
  static const std::map<std::string, v1::SelectionMetric> metrics = {
      {"loss", v1::SELECTION_METRIC_VALIDATION_LOSS},
      {"accuracy", v1::SELECTION_METRIC_VALIDATION_ACCURACY},
      {"reward", v1::SELECTION_METRIC_VALIDATION_REWARD}};
  const char kGroup[] = "Selection";
  AddField<std::string>(
      command, "--metric",
      "What validation is judged by: loss, accuracy or reward [loss; ppo reward]",
      [=](std::string v) { spec->mutable_selection()->set_metric(metrics.at(v)); })
      ->check(CLI::IsMember(metrics).description(""))
      ->group(kGroup);
  AddField<uint32_t>(command, "--patience",
                     "Ends after so many validations without gain, 0: never [0]",
                     [=](uint32_t v) { spec->mutable_selection()->set_patience(v); })
      ->group(kGroup);
  AddField<double>(command, "--min-delta", "Less than this is no gain [0]", [=](double v) {
    spec->mutable_selection()->set_min_delta(v);
  })->group(kGroup);
  command
      .add_flag_callback(
          "--restore-best", [=] { spec->mutable_selection()->set_restore_best(true); },
          "The result is the best checkpoint, not the last step")
      ->group(kGroup);
}

void AddKeepingFlags(CLI::App& command, v1::JobSpec* spec) {
  AddField<uint32_t>(command, "--keep-checkpoints", "The newest so many stay [2]",
                     [=](uint32_t v) { spec->mutable_retention()->set_keep_last(v); });
  AddSwitch(command, "keep-best", "The best by --metric stays too [yes]",
            [=](bool v) { spec->mutable_retention()->set_keep_best(v); });
  AddSwitch(command, "deterministic", "An interrupted job ends with the same bytes [yes]",
            [=](bool v) { spec->set_deterministic(v); });
}

void AddPublishFlags(CLI::App& command, v1::JobSpec* spec) {
  static const std::map<std::string, v1::PublishMode> modes = {{"all", v1::PUBLISH_MODE_ALL},
                                                               {"quorum", v1::PUBLISH_MODE_QUORUM}};
  AddField<std::string>(command, "--publish-mode",
                        "Replicas that must take a push: all or quorum [all]",
                        [=](std::string v) { spec->mutable_publish()->set_mode(modes.at(v)); })
      ->check(CLI::IsMember(modes).description(""));
  AddField<uint32_t>(command, "--min-replicas", "With quorum [more than half]",
                     [=](uint32_t v) { spec->mutable_publish()->set_min_replicas(v); });
}

void AddPpoValidationFlags(CLI::App& command, v1::PpoSettings* ppo) {
  AddField<uint32_t>(command, "--max-staleness", "Versions that rollouts may be behind [0]",
                     [=](uint32_t v) { ppo->set_max_staleness(v); })
      ->group("PPO");
  AddField<uint32_t>(command, "--validation-steps", "Steps between validations; 0: at the end [0]",
                     [=](uint32_t v) { ppo->set_validation_steps(v); })
      ->group("PPO");
  AddField<uint32_t>(command, "--validation-examples", "Prompts answered greedily [64]",
                     [=](uint32_t v) { ppo->set_validation_examples(v); })
      ->group("PPO");
}

void AddGuard(CLI::App& command, const std::string& flag, const std::string& help,
              std::function<void(double)> set) {
  AddField<double>(command, flag, help, std::move(set))
      ->group("Guards, which pause the job; 0: off");
}

void AddGuardFlags(CLI::App& command, v1::PpoSettings* ppo) {
  v1::CollapseGuards* g = ppo->mutable_guards();
  AddGuard(command, "--max-kl", "KL above this [0]", [=](double v) { g->set_max_kl(v); });
  AddGuard(command, "--min-length-ratio", "Response length below this part of the first [0.4]",
           [=](double v) { g->set_min_length_ratio(v); });
  AddGuard(command, "--max-length-ratio", "Response length above this multiple of the first [0]",
           [=](double v) { g->set_max_length_ratio(v); });
  AddGuard(command, "--min-distinct-2", "Share of different token pairs below this [0]",
           [=](double v) { g->set_min_distinct_2(v); });
  AddGuard(command, "--min-reward-stddev", "Spread of the rewards below this [0]",
           [=](double v) { g->set_min_reward_stddev(v); });
  AddField<uint32_t>(command, "--guard-patience", "Steps in a row that trip a guard [1]",
                     [=](uint32_t v) { g->set_patience(v); })
      ->group("Guards, which pause the job; 0: off");
}

}  // namespace

void AddLifecycleFlags(CLI::App& command, v1::JobSpec* spec) {
  AddSelectionFlags(command, spec);
  AddKeepingFlags(command, spec);
  if (spec->kind() != v1::JOB_KIND_REWARD) AddPublishFlags(command, spec);
  if (spec->kind() != v1::JOB_KIND_PPO) return;
  AddPpoValidationFlags(command, spec->mutable_ppo());
  AddGuardFlags(command, spec->mutable_ppo());
}

}  // namespace tact::ctl
