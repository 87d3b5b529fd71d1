#include "services/policy/engine/sequence.h"

#include <utility>

namespace tact {

RunningPrompt::RunningPrompt(WaitingPrompt waiting, int64_t* held)
    : call(std::move(waiting.call)),
      task(std::move(waiting.task)),
      since(waiting.since),
      held_tokens(held) {
  *held_tokens += tokens();
  if (forced() || task.sampling.beams.num_beams == 1) return;
  search = std::make_unique<BeamSearch>(task.sampling.beams, start_id(), eos_id(),
                                        task.sampling.max_new_tokens);
  paths.emplace(search->num_beams(), task.sampling.max_new_tokens);
}

int64_t RunningPrompt::sequences() const {
  if (forced()) return 1;
  return searches() ? task.sampling.beams.num_beams : task.sampling.num_samples;
}

Sequence::Sequence(std::shared_ptr<RunningPrompt> of, uint32_t at, int64_t kv_slot)
    : prompt(std::move(of)),
      index(at),
      slot(kv_slot),
      key(SampleKey(task().sampling.seed, task().prompt_key, at)) {
  result.index = task().index;
  result.sample = at;
  if (prompt->searches()) return;
  Reserve();
  input.push_back(prompt->start_id());
  input.insert(input.end(), task().forced.begin(), task().forced.end());
}

void Sequence::Reserve() {
  const size_t forced = task().forced.size();
  const size_t tokens = forced > 0 ? forced : static_cast<size_t>(task().sampling.max_new_tokens);
  input.reserve(1 + tokens);
  result.ids.reserve(tokens);
  result.behaviour_logprobs.reserve(tokens);
  result.model_logprobs.reserve(tokens);
}

void Sequence::Append(const Choice& choice) {
  if (!prompt->forced()) {
    input.push_back(choice.id);
    if (task().on_token) task().on_token(index, choice);
  }
  result.ids.push_back(choice.id);
  result.behaviour_logprobs.push_back(choice.behaviour_logprob);
  result.model_logprobs.push_back(choice.model_logprob);
  if (task().sampling.top_logprobs > 0) result.top_logprobs.push_back(choice.top);
}

void Sequence::Fail(absl::Status status) {
  result.status = std::move(status);
  done = true;
}

void Sequence::FinishSearch() {
  if (done || !prompt->search->done()) return;
  done = true;
  const std::vector<Hypothesis> best = prompt->search->Best(task().sampling.num_samples);
  if (index >= best.size()) return;
  const Hypothesis& hypothesis = best[index];
  result.ids = hypothesis.ids;
  result.behaviour_logprobs = result.model_logprobs = hypothesis.logprobs;
  result.score = hypothesis.score;
  result.reason = hypothesis.ended ? EndReason::kEos : EndReason::kLength;
}

void Sequence::FinishIfComplete() {
  if (prompt->searches()) return FinishSearch();
  const auto length = static_cast<int64_t>(result.ids.size());
  if (prompt->forced()) {
    done = done || length == static_cast<int64_t>(task().forced.size());
    return;
  }
  if (done || length == 0) return;
  if (result.ids.back() == prompt->eos_id()) {
    result.reason = EndReason::kEos;
  } else if (task().stop && task().stop(result.ids)) {
    result.reason = EndReason::kStop;
  } else {
    done = length >= task().sampling.max_new_tokens;
    return;
  }
  done = true;
}

void Sequence::Deliver() {
  if (prompt->searches() && index >= task().sampling.num_samples) return;
  prompt->call->Deliver(std::move(result));
}

}  // namespace tact
