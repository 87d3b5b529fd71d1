// How far bf16 and int8 weights are from the reference's f32 logits: the bounds that the docs state
// (docs/differences/precision.md).
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "common/text/dataset.h"
#include "services/policy/policy_model.h"
#include "tests/golden/engine_logits.h"
#include "tests/golden/reference.h"

namespace tact::golden {
namespace {

using Json = nlohmann::json;

struct Agreement {
  double argmax = 0;      // share of positions with the same best token
  double mean_error = 0;  // of the logprob of the reference's best token
  double greatest_error = 0;
};

double LogSumExp(const float* logits, size_t size) {
  const double top = *std::max_element(logits, logits + size);
  double sum = 0;
  for (size_t i = 0; i < size; ++i) sum += std::exp(logits[i] - top);
  return top + std::log(sum);
}

Agreement Compare(const std::vector<float>& actual, const std::vector<float>& expected,
                  size_t vocab) {
  Agreement out;
  const size_t positions = expected.size() / vocab;
  for (size_t at = 0; at < positions; ++at) {
    const float *a = actual.data() + at * vocab, *b = expected.data() + at * vocab;
    const size_t best = std::max_element(b, b + vocab) - b;
    const size_t chosen = std::max_element(a, a + vocab) - a;
    const double error =
        std::abs((a[best] - LogSumExp(a, vocab)) - (b[best] - LogSumExp(b, vocab)));
    out.argmax += chosen == best ? 1.0 : 0.0;
    out.mean_error += error;
    out.greatest_error = std::max(out.greatest_error, error);
  }
  out.argmax /= static_cast<double>(positions);
  out.mean_error /= static_cast<double>(positions);
  return out;
}

// Prompts and labels of the recorded batch, as decoder inputs of one length.
std::vector<GivenResponse> RecordedBatch(const Json& json, const SafeTensors& tensors) {
  const auto prompts = Ids(tensors, "input_ids"), labels = Ids(tensors, "labels");
  const int64_t width = Shape(tensors, "input_ids")[1], length = Shape(tensors, "labels")[1];
  std::vector<GivenResponse> responses;
  for (size_t row = 0; row < json["prompt_lengths"].size(); ++row) {
    const auto prompt = prompts.begin() + static_cast<int64_t>(row) * width;
    const auto label = labels.begin() + static_cast<int64_t>(row) * length;
    GivenResponse response = {{prompt, prompt + json["prompt_lengths"][row].get<int64_t>()}, {0}};
    response.inputs.insert(response.inputs.end(), label, label + length - 1);
    responses.push_back(std::move(response));
  }
  return responses;
}

// Over all labels of the recorded batch that are not padding.
Agreement BatchAgreement(const std::string& name, WeightType type) {
  const Json json = ReadJson("t5/" + name + ".json");
  const SafeTensors tensors = golden::ReadTensors("t5/" + name + ".safetensors");
  const auto folder = ReferenceFolder() / "models" / json["model"].get<std::string>();
  const Checkpoint checkpoint = Checkpoint::Open(folder).value();
  TensorSource source(checkpoint);
  source.set_weight_type(type);
  const T5Config config = T5Config::Load(folder).value();
  const auto snapshot = BuildSnapshot(config, std::move(source), {}).value();
  const auto all = EngineLogits(*snapshot, RecordedBatch(json, tensors), 20);
  const auto at = Ids(tensors, "logits_at");
  const int64_t length = Shape(tensors, "labels")[1], vocab = config.vocab_size;
  std::vector<float> actual;
  for (size_t i = 0; i < at.size(); i += 2) {
    const auto logits = all.begin() + (at[i] * length + at[i + 1]) * vocab;
    actual.insert(actual.end(), logits, logits + vocab);
  }
  return Compare(actual, Floats(tensors, "logits"), static_cast<size_t>(vocab));
}

void ExpectWithin(WeightType type, const char* name, const Agreement& bound) {
  for (const char* model : {"t5_gated_untied", "t5_relu_tied"}) {
    const Agreement found = BatchAgreement(model, type);
    std::printf("precision: %s %s argmax %.3f, logprob error mean %.4f, greatest %.4f\n", name,
                model, found.argmax, found.mean_error, found.greatest_error);
    EXPECT_GE(found.argmax, bound.argmax) << model;
    EXPECT_LE(found.mean_error, bound.mean_error) << model;
    EXPECT_LE(found.greatest_error, bound.greatest_error) << model;
  }
}

TEST(GoldenPrecision, Bf16) { ExpectWithin(WeightType::kBF16, "bf16", {0.93, 0.06, 0.6}); }
TEST(GoldenPrecision, Int8) { ExpectWithin(WeightType::kInt8, "int8", {0.75, 0.25, 3.0}); }

// What is lost by rounding keys and values of cross-attention alone: f32 weights of the embedded
// policy, whose heads are wide enough for it, as the golden models' are not.
TEST(GoldenPrecision, KeysAndValuesInBf16) {
  const std::filesystem::path source = std::getenv("TACT_SOURCE_DIR");
  const PolicyModel model = LoadPolicyModel(source / "models/policy", {}, WeightType::kF32).value();
  const std::vector<DialogueExample> examples =
      ReadDialogues(source / "datasets/test.jsonl").value();
  std::vector<GivenResponse> responses;
  for (size_t i = 0; i < 16; ++i) {
    GivenResponse response = {model.tokenizer->Encode(examples[i].dialogue), {0}};
    const auto label = model.tokenizer->Encode(examples[i].references[0]);
    response.inputs.insert(response.inputs.end(), label.begin(), label.begin() + 10);
    responses.push_back(std::move(response));
  }
  const auto vocab = static_cast<size_t>(model.config.vocab_size);
  const Agreement found = Compare(EngineLogits(*model.snapshot, responses, 11, true),
                                  EngineLogits(*model.snapshot, responses, 11, false), vocab);
  std::printf(
      "precision: keys and values in bf16, argmax %.3f, logprob error mean %.5f, greatest "
      "%.4f\n",
      found.argmax, found.mean_error, found.greatest_error);
  EXPECT_GE(found.argmax, 0.97);
  EXPECT_LE(found.mean_error, 0.005);
  EXPECT_LE(found.greatest_error, 0.05);
  EXPECT_GT(found.greatest_error, 0);
}

}  // namespace
}  // namespace tact::golden
