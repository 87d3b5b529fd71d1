#include "services/policy/engine/batch.h"

#include <algorithm>
#include <utility>

#include "common/base/status.h"
#include "common/kernels/threads.h"
#include "services/policy/engine/step_profile.h"

namespace tact {

// One row of a decoder pass and what came of it.
struct Batch::Row {
  Sequence* sequence;
  int64_t position;
  absl::StatusOr<Choice> choice;  // of a beam only whether its ways on were found
};

Batch::Batch(const BatchLimits& limits, const KvShape& shape)
    : limits_(limits), slots_(limits.max_running, shape) {}

Batch::~Batch() = default;

int64_t Batch::Room() const {
  int64_t unstarted = 0;
  for (const auto& prompt : admitted_) unstarted += prompt->sequences() - prompt->started;
  if (unstarted >= slots_.free()) return 0;
  const int64_t held = limits_.max_batch_tokens - held_tokens_;
  // One prompt of any length may be encoded before a step; more only up to the limit.
  if (fresh_tokens_ == 0) return std::max<int64_t>(0, held);
  const int64_t limit = running_.empty() ? limits_.max_encode_tokens : limits_.max_joining_tokens;
  return std::max<int64_t>(0, std::min(held, limit - fresh_tokens_));
}

void Batch::Admit(WaitingPrompt waiting) {
  auto prompt = std::make_shared<RunningPrompt>(std::move(waiting), &held_tokens_);
  fresh_tokens_ += prompt->tokens();
  admitted_.push_back(std::move(prompt));
}

void Batch::Encode() {
  const StepScope scope(StepPart::kEncode);
  std::vector<RunningPrompt*> fresh;
  for (const auto& prompt : admitted_) {
    if (!prompt->encoded) fresh.push_back(prompt.get());
  }
  std::ranges::sort(fresh, {}, [](const RunningPrompt* prompt) { return prompt->order(); });
  std::vector<EncodeItem> items;
  for (size_t begin = 0, end = 0; begin < fresh.size(); begin = end) {
    const Snapshot& snapshot = *fresh[begin]->snapshot();
    items.clear();
    for (end = begin; end < fresh.size() && fresh[end]->snapshot() == &snapshot; ++end) {
      RunningPrompt& prompt = *fresh[end];
      prompt.cross =
          CrossCache(snapshot.config.num_decoder_layers, prompt.tokens(), snapshot.config.num_heads,
                     snapshot.config.d_kv, snapshot.half_cross());
      prompt.encoded = true;
      items.push_back({prompt.task.prompt_ids, prompt.adapter(), &prompt.cross});
    }
    encoder_.Run(snapshot, items);
  }
  fresh_tokens_ = 0;
}

void Batch::StartSequence(const std::shared_ptr<RunningPrompt>& prompt) {
  auto sequence = std::make_unique<Sequence>(prompt, static_cast<uint32_t>(prompt->started++),
                                             slots_.Acquire().value());
  const auto at = std::ranges::upper_bound(
      running_, prompt->order(), {}, [](const auto& other) { return other->prompt->order(); });
  running_.insert(at, std::move(sequence));
}

void Batch::StartSequences() {
  while (!admitted_.empty()) {
    const std::shared_ptr<RunningPrompt> prompt = admitted_.front();
    const int64_t count = prompt->sequences_at_once();
    if (slots_.free() < count) return;
    for (int64_t i = 0; i < count; ++i) StartSequence(prompt);
    if (prompt->started == prompt->sequences()) admitted_.pop_front();
  }
}

int64_t Batch::Extra(int64_t rows_left, const Sequence& sequence) const {
  if (!sequence.prompt->forced()) return 0;
  const int64_t wanted =
      static_cast<int64_t>(sequence.task().forced.size()) - sequence.position - 1;
  return std::clamp<int64_t>(wanted, 0, rows_left);
}

void Batch::AddRows(Sequence& sequence, int64_t count) {
  RunningPrompt& prompt = *sequence.prompt;
  sequence.pending = count;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t position = sequence.position + i;
    const int64_t* path = nullptr;
    if (prompt.searches()) {
      prompt.paths->Set(sequence.index, position, slots_.Offset(sequence.slot, position));
      path = prompt.paths->Of(sequence.index);
    }
    rows_.push_back({&sequence, position, Choice{}});
    decode_rows_.push_back(
        {sequence.ids()[position], position, sequence.slot, path, &prompt.cross, prompt.adapter()});
  }
}

void Batch::Take(Row& row, std::span<float> logits, SamplingScratch& scratch) {
  const Sequence& sequence = *row.sequence;
  const RunningPrompt& prompt = *sequence.prompt;
  const SamplingOptions& sampling = sequence.task().sampling;
  const RowContext context = {sequence.ids(), prompt.eos_id(), sequence.key};
  if (prompt.searches()) {
    const auto beam = static_cast<int32_t>(sequence.index);
    std::vector<BeamCandidate>& ways_on = prompt.search->ways_on(beam);
    const absl::Status status =
        ChooseBeams(logits, sampling, context, beam, prompt.search->score(beam), scratch, ways_on);
    if (!status.ok()) row.choice = status;
  } else if (!prompt.forced()) {
    row.choice = ChooseToken(logits, sampling, context, scratch);
  } else {
    const int32_t id = sequence.task().forced[row.position];
    const absl::StatusOr<float> logprob = ModelLogprob(logits, id, scratch);
    if (logprob.ok()) row.choice = Choice{id, *logprob, *logprob};
    if (!logprob.ok()) row.choice = logprob.status();
  }
}

void Batch::Decode(size_t begin, size_t end) {
  const Snapshot& snapshot = *rows_[begin].sequence->prompt->snapshot();
  const auto vocab = static_cast<size_t>(snapshot.config.vocab_size);
  const std::span<const DecodeRow> rows(decode_rows_.data() + begin, end - begin);
  scratch_.resize(std::max(scratch_.size(), static_cast<size_t>(ComputeThreads())));
  for (SamplingScratch& scratch : scratch_) scratch.Reserve(snapshot.config.vocab_size);
  decoder_.Run(snapshot, rows, slots_, [&](int64_t first, int64_t count, float* logits) {
    const StepScope scope(StepPart::kSampling);
    ParallelFor(count, [&](int64_t i) {
      Take(rows_[begin + first + i], {logits + i * vocab, vocab}, scratch_[ComputeThread()]);
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
    if (row.position == 0 && sequence.index == 0) {
      report.first_tokens.push_back(sequence.prompt->since);
    }
    const bool is_new = !sequence.prompt->forced();
    report.generated += is_new ? 1 : 0;
    report.continued += is_new && row.position > 0 ? 1 : 0;
    if (!sequence.prompt->searches()) sequence.Append(*row.choice);
  }
}

void Batch::AdvanceSearch(std::span<Row> rows) {
  for (const Row& row : rows) {
    if (row.choice.ok()) continue;
    for (const Row& beam : rows) beam.sequence->Fail(row.choice.status());
    return;
  }
  RunningPrompt& prompt = *rows[0].sequence->prompt;
  BeamSearch& search = *prompt.search;
  const std::span<const int32_t> parents = search.Advance();
  if (!search.done()) prompt.paths->Move(parents, rows[0].position + 1);
}

// The rows of a prompt's beams stand together, in the order of the beams.
void Batch::AdvanceSearches() {
  for (size_t i = 0; i < rows_.size();) {
    const RunningPrompt& prompt = *rows_[i].sequence->prompt;
    const size_t count = prompt.searches() ? static_cast<size_t>(prompt.sequences()) : 1;
    if (prompt.searches()) AdvanceSearch(std::span(rows_).subspan(i, count));
    i += count;
  }
}

StepReport Batch::Step() {
  const StepScope scope(StepPart::kRest);
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
  AdvanceSearches();
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
    sequence->Deliver();
    return true;
  });
}

void Batch::DropIf(absl::FunctionRef<absl::Status(const Call&)> reason) {
  for (const auto& sequence : running_) {
    const absl::Status status = reason(*sequence->prompt->call);
    if (!status.ok()) sequence->Fail(status);
  }
  RemoveDone();
  std::erase_if(admitted_, [&](const std::shared_ptr<RunningPrompt>& prompt) {
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
