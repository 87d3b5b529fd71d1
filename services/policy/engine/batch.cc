#include "services/policy/engine/batch.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "common/base/status.h"
#include "common/kernels/threads.h"

namespace tact {

// One admitted prompt: its cross cache lives until its last sample has ended.
struct Batch::Prompt {
  Prompt(WaitingPrompt waiting, int64_t* held)
      : call(std::move(waiting.call)),
        task(std::move(waiting.task)),
        since(waiting.since),
        held_tokens(held) {
    *held_tokens += tokens();
  }
  ~Prompt() { *held_tokens -= tokens(); }
  Prompt(const Prompt&) = delete;
  Prompt& operator=(const Prompt&) = delete;

  int64_t tokens() const { return static_cast<int64_t>(task.prompt_ids.size()); }
  int64_t samples() const { return task.forced.empty() ? task.sampling.num_samples : 1; }
  const Snapshot* snapshot() const { return task.weights.snapshot.get(); }
  const Adapter* adapter() const { return task.weights.adapter.get(); }
  // Sequences of one weight set stand together in a batch, those of one adapter within.
  auto order() const { return std::tuple(snapshot(), adapter()); }

  std::shared_ptr<Call> call;
  PromptTask task;
  absl::Time since;
  int64_t* held_tokens;
  CrossCache cross;
  bool encoded = false;
  int64_t started = 0;  // samples that have begun
};

struct Batch::Sequence {
  std::shared_ptr<Prompt> prompt;
  uint32_t sample;
  int64_t slot;
  uint64_t key;
  int64_t position = 0;  // decoder positions that are done
  int64_t pending = 0;   // rows in the running step
  SequenceResult result;
  bool done = false;

  const PromptTask& task() const { return prompt->task; }
  bool forced() const { return !task().forced.empty(); }
  int32_t eos() const { return static_cast<int32_t>(prompt->snapshot()->config.eos_token_id); }
  int32_t InputAt(int64_t at) const {
    if (at == 0) return static_cast<int32_t>(prompt->snapshot()->config.decoder_start_token_id);
    return forced() ? task().forced[at - 1] : result.ids[at - 1];
  }
  void Append(const Choice& choice) {
    result.ids.push_back(choice.id);
    result.behaviour_logprobs.push_back(choice.behaviour_logprob);
    result.model_logprobs.push_back(choice.model_logprob);
  }
  void Fail(absl::Status status) {
    result.status = std::move(status);
    done = true;
  }
  void FinishIfComplete() {
    const auto length = static_cast<int64_t>(result.ids.size());
    if (forced()) {
      done = done || length == static_cast<int64_t>(task().forced.size());
      return;
    }
    const bool ended = length > 0 && result.ids.back() == eos();
    if (ended) result.reason = EndReason::kEos;
    done = done || ended || length >= task().sampling.max_new_tokens;
  }
};

// One row of a decoder pass and what came of it.
struct Batch::Row {
  Sequence* sequence;
  int64_t position;
  absl::StatusOr<Choice> choice;
};

Batch::Batch(const BatchLimits& limits, const KvShape& shape)
    : limits_(limits), slots_(limits.max_running, shape) {}

Batch::~Batch() = default;

int64_t Batch::Room() const {
  int64_t unstarted = 0;
  for (const auto& prompt : admitted_) unstarted += prompt->samples() - prompt->started;
  if (unstarted >= slots_.free()) return 0;
  const int64_t held = limits_.max_batch_tokens - held_tokens_;
  // One prompt of any length may be encoded before a step; more only up to the limit.
  if (fresh_tokens_ == 0) return std::max<int64_t>(0, held);
  return std::max<int64_t>(0, std::min(held, limits_.max_encode_tokens - fresh_tokens_));
}

void Batch::Admit(WaitingPrompt waiting) {
  auto prompt = std::make_shared<Prompt>(std::move(waiting), &held_tokens_);
  fresh_tokens_ += prompt->tokens();
  admitted_.push_back(std::move(prompt));
}

void Batch::Encode() {
  std::vector<Prompt*> fresh;
  for (const auto& prompt : admitted_) {
    if (!prompt->encoded) fresh.push_back(prompt.get());
  }
  std::ranges::sort(fresh, {}, [](const Prompt* prompt) { return prompt->order(); });
  std::vector<EncodeItem> items;
  for (size_t begin = 0, end = 0; begin < fresh.size(); begin = end) {
    const Snapshot& snapshot = *fresh[begin]->snapshot();
    items.clear();
    for (end = begin; end < fresh.size() && fresh[end]->snapshot() == &snapshot; ++end) {
      Prompt& prompt = *fresh[end];
      prompt.cross = CrossCache(snapshot.config.num_decoder_layers, prompt.tokens(),
                                snapshot.config.inner_dim());
      prompt.encoded = true;
      items.push_back({prompt.task.prompt_ids, prompt.adapter(), &prompt.cross});
    }
    encoder_.Run(snapshot, items);
  }
  fresh_tokens_ = 0;
}

void Batch::StartSequences() {
  while (!admitted_.empty()) {
    const std::shared_ptr<Prompt>& prompt = admitted_.front();
    const std::optional<int64_t> slot = slots_.Acquire();
    if (!slot.has_value()) return;
    auto sequence = std::make_unique<Sequence>();
    sequence->prompt = prompt;
    sequence->sample = static_cast<uint32_t>(prompt->started++);
    sequence->slot = *slot;
    sequence->key =
        SampleKey(prompt->task.sampling.seed, prompt->task.prompt_key, sequence->sample);
    sequence->result.index = prompt->task.index;
    sequence->result.sample = sequence->sample;
    const auto at = std::ranges::upper_bound(
        running_, prompt->order(), {}, [](const auto& other) { return other->prompt->order(); });
    running_.insert(at, std::move(sequence));
    if (prompt->started == prompt->samples()) admitted_.pop_front();
  }
}

int64_t Batch::Extra(int64_t rows_left, const Sequence& sequence) const {
  if (!sequence.forced()) return 0;
  const int64_t wanted =
      static_cast<int64_t>(sequence.task().forced.size()) - sequence.position - 1;
  return std::clamp<int64_t>(wanted, 0, rows_left);
}

void Batch::AddRows(Sequence& sequence, int64_t count) {
  sequence.pending = count;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t position = sequence.position + i;
    rows_.push_back({&sequence, position, Choice{}});
    decode_rows_.push_back({sequence.InputAt(position), position, sequence.slot,
                            &sequence.prompt->cross, sequence.prompt->adapter()});
  }
}

void Batch::Take(Row& row, std::span<float> logits) {
  thread_local SamplingScratch scratch;
  const Sequence& sequence = *row.sequence;
  if (!sequence.forced()) {
    row.choice = ChooseToken(logits, sequence.task().sampling, sequence.eos(), row.position,
                             sequence.key, scratch);
    return;
  }
  const int32_t id = sequence.task().forced[row.position];
  const absl::StatusOr<float> logprob = ModelLogprob(logits, id);
  if (logprob.ok()) {
    row.choice = Choice{id, *logprob, *logprob};
  } else {
    row.choice = logprob.status();
  }
}

void Batch::Decode(size_t begin, size_t end) {
  const Snapshot& snapshot = *rows_[begin].sequence->prompt->snapshot();
  const auto vocab = static_cast<size_t>(snapshot.config.vocab_size);
  const std::span<const DecodeRow> rows(decode_rows_.data() + begin, end - begin);
  decoder_.Run(snapshot, rows, slots_, [&](int64_t first, int64_t count, float* logits) {
    ParallelFor(count, [&](int64_t i) {
      Take(rows_[begin + first + i], {logits + i * vocab, vocab});
    });
  });
}

void Batch::DecodeAll() {
  for (size_t begin = 0, end = 0; begin < rows_.size(); begin = end) {
    const Snapshot* snapshot = rows_[begin].sequence->prompt->snapshot();
    end = begin + 1;
    while (end < rows_.size() && rows_[end].sequence->prompt->snapshot() == snapshot) ++end;
    Decode(begin, end);
  }
}

void Batch::TakeChoices(StepReport& report) {
  for (Row& row : rows_) {
    Sequence& sequence = *row.sequence;
    if (sequence.done) continue;
    if (!row.choice.ok()) {
      sequence.Fail(row.choice.status());
      continue;
    }
    if (row.position == 0 && sequence.sample == 0) {
      report.first_tokens.push_back(sequence.prompt->since);
    }
    sequence.Append(*row.choice);
    report.generated += sequence.forced() ? 0 : 1;
  }
}

StepReport Batch::Step() {
  Encode();
  StartSequences();
  rows_.clear();
  decode_rows_.clear();
  int64_t left = std::max<int64_t>(0, limits_.max_step_rows - running());
  for (const auto& sequence : running_) {
    const int64_t extra = Extra(left, *sequence);
    left -= extra;
    AddRows(*sequence, 1 + extra);
  }
  StepReport report = {.sequences = running(), .rows = static_cast<int64_t>(rows_.size())};
  DecodeAll();
  TakeChoices(report);
  for (const auto& sequence : running_) {
    sequence->position += sequence->pending;
    sequence->FinishIfComplete();
  }
  RemoveDone();
  return report;
}

void Batch::RemoveDone() {
  std::erase_if(running_, [&](const std::unique_ptr<Sequence>& sequence) {
    if (!sequence->done) return false;
    slots_.Release(sequence->slot);
    sequence->prompt->call->Deliver(std::move(sequence->result));
    return true;
  });
}

void Batch::DropIf(absl::FunctionRef<absl::Status(const Call&)> reason) {
  for (const auto& sequence : running_) {
    const absl::Status status = reason(*sequence->prompt->call);
    if (!status.ok()) sequence->Fail(status);
  }
  RemoveDone();
  std::erase_if(admitted_, [&](const std::shared_ptr<Prompt>& prompt) {
    const absl::Status status = reason(*prompt->call);
    if (status.ok()) return false;
    if (!prompt->encoded) fresh_tokens_ -= prompt->tokens();
    prompt->call->Deliver({.index = prompt->task.index, .status = status});
    return true;
  });
}

void Batch::DropUnwanted(absl::Time now) {
  DropIf([now](const Call& call) { return call.CheckWanted(now); });
}

void Batch::DropAll(const absl::Status& status) {
  DropIf([&status](const Call&) { return status; });
}

}  // namespace tact
