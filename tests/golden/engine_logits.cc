#include "tests/golden/engine_logits.h"

#include <algorithm>

#include "services/policy/engine/decoder.h"
#include "services/policy/engine/encoder.h"
#include "tests/golden/reference.h"

namespace tact::golden {
namespace {

std::vector<CrossCache> Encode(const Snapshot& snapshot, std::span<const GivenResponse> responses,
                               bool half_cross) {
  const T5Config& c = snapshot.config;
  std::vector<CrossCache> cross;
  for (const GivenResponse& response : responses) {
    cross.emplace_back(c.num_decoder_layers, static_cast<int64_t>(response.prompt.size()),
                       c.num_heads, c.d_kv, half_cross);
  }
  std::vector<EncodeItem> items;
  for (size_t i = 0; i < responses.size(); ++i) {
    items.push_back({responses[i].prompt, responses[i].adapter, &cross[i]});
  }
  Encoder().Run(snapshot, items);
  return cross;
}

}  // namespace

std::vector<float> EngineLogits(const Snapshot& snapshot, std::span<const GivenResponse> responses,
                                int64_t positions_at_once) {
  return EngineLogits(snapshot, responses, positions_at_once, snapshot.half_cross());
}

std::vector<float> EngineLogits(const Snapshot& snapshot, std::span<const GivenResponse> responses,
                                int64_t positions_at_once, bool half_cross) {
  const T5Config& c = snapshot.config;
  const std::vector<CrossCache> cross = Encode(snapshot, responses, half_cross);
  const auto count = static_cast<int64_t>(responses.size());
  const auto length = static_cast<int64_t>(responses[0].inputs.size());
  KvSlots slots(count, {c.num_decoder_layers, length, c.num_heads, c.d_kv});
  for (int64_t i = 0; i < count; ++i) slots.Acquire();
  std::vector<float> all(static_cast<size_t>(count * length * c.vocab_size));
  Decoder decoder;
  for (int64_t begin = 0; begin < length; begin += positions_at_once) {
    const int64_t end = std::min(length, begin + positions_at_once);
    std::vector<DecodeRow> rows;
    for (int64_t i = 0; i < count; ++i) {
      const GivenResponse& response = responses[i];
      for (int64_t at = begin; at < end; ++at) {
        rows.push_back({response.inputs[at], at, i, nullptr, &cross[i], response.adapter});
      }
    }
    decoder.Run(snapshot, rows, slots, [&](int64_t first, int64_t n, float* logits) {
      for (int64_t r = first; r < first + n; ++r, logits += c.vocab_size) {
        const int64_t place = rows[r].slot * length + rows[r].position;
        std::copy_n(logits, c.vocab_size, all.data() + place * c.vocab_size);
      }
    });
  }
  return all;
}

std::vector<GivenResponse> RecordedSteps(const nlohmann::json& json, const SafeTensors& tensors) {
  const auto prompts = Ids(tensors, "input_ids"), inputs = Ids(tensors, "step_ids");
  const int64_t width = Shape(tensors, "input_ids")[1], steps = json["steps"];
  std::vector<GivenResponse> responses;
  for (int64_t row = 0; row < json["step_rows"]; ++row) {
    const auto prompt = prompts.begin() + row * width;
    const int64_t length = json["prompt_lengths"][row];
    const auto input = inputs.begin() + row * steps;
    responses.push_back({{prompt, prompt + length}, {input, input + steps}, nullptr});
  }
  return responses;
}

std::vector<float> RowsFirst(const std::vector<float>& logits, size_t rows, size_t vocab) {
  const size_t steps = logits.size() / rows / vocab;
  std::vector<float> out(logits.size());
  for (size_t step = 0; step < steps; ++step) {
    for (size_t row = 0; row < rows; ++row) {
      std::copy_n(logits.begin() + (step * rows + row) * vocab, vocab,
                  out.begin() + (row * steps + step) * vocab);
    }
  }
  return out;
}

}  // namespace tact::golden
