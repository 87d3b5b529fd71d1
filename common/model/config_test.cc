#include "common/model/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file.h"

namespace tact {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// google/flan-t5-base, shortened to what changes the model.
constexpr char kFlanT5Base[] = R"({
  "architectures": ["T5ForConditionalGeneration"], "d_ff": 2048, "d_kv": 64, "d_model": 768,
  "decoder_start_token_id": 0, "dropout_rate": 0.1, "eos_token_id": 1,
  "feed_forward_proj": "gated-gelu", "initializer_factor": 1.0, "is_encoder_decoder": true,
  "layer_norm_epsilon": 1e-06, "model_type": "t5", "n_positions": 512, "num_decoder_layers": 12,
  "num_heads": 12, "num_layers": 12, "output_past": true, "pad_token_id": 0,
  "relative_attention_max_distance": 128, "relative_attention_num_buckets": 32,
  "tie_word_embeddings": false, "transformers_version": "4.23.1", "use_cache": true,
  "vocab_size": 32128})";

TEST(T5ConfigTest, ReadsFlanT5Base) {
  const auto config = T5Config::FromJson(kFlanT5Base);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->d_model, 768);
  EXPECT_TRUE(config->gated);
  EXPECT_EQ(config->activation, Activation::kGeluNew);
  EXPECT_FALSE(config->tie_word_embeddings);
  EXPECT_EQ(config->num_parameters(), 247'577'856);
}

TEST(T5ConfigTest, DefaultsAreThoseOfTransformers) {
  const auto config = T5Config::FromJson(R"({"num_layers": 3, "dense_act_fn": null})");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->num_decoder_layers, 3);  // as many as the encoder
  EXPECT_EQ(config->activation, Activation::kRelu);
  EXPECT_TRUE(config->tie_word_embeddings);
}

TEST(T5ConfigTest, WritesWhatItReads) {
  for (const char* feed_forward : {"relu", "gelu", "gelu_new", "gated-relu", "gated-gelu"}) {
    const auto config = T5Config::FromJson(std::string(R"({"d_kv": 7, "feed_forward_proj": ")") +
                                           feed_forward + R"(", "tie_word_embeddings": false})");
    ASSERT_TRUE(config.ok()) << config.status();
    EXPECT_THAT(config->ToJson(),
                HasSubstr(std::string("\"feed_forward_proj\": \"") + feed_forward + '"'));
    EXPECT_EQ(*T5Config::FromJson(config->ToJson()), *config) << feed_forward;
  }
}

TEST(T5ConfigTest, ErrorsNameFileKeyExpectedAndFound) {
  struct Case {
    std::string json, key, expected, found;
  };
  const std::vector<Case> cases = {
      {R"({"d_model": "big"})", "d_model", "expected an integer from 1", "\"big\""},
      {R"({"d_model": 0})", "d_model", "expected an integer from 1", "0"},
      {R"({"d_model": 1.5})", "d_model", "expected an integer", "1.5"},
      {R"({"num_heads": 99999999999999999999})", "num_heads", "expected an integer", "1e+20"},
      {R"({"model_type": "bart"})", "model_type", "expected one of t5, mt5", "bart"},
      {R"({"feed_forward_proj": "swish"})", "feed_forward_proj", "expected one of relu", "swish"},
      {R"({"tie_word_embeddings": "no"})", "tie_word_embeddings", "true or false", "\"no\""},
      {R"({"eos_token_id": 50000})", "eos_token_id", "from 0 to 32127", "50000"},
      {R"({"relative_attention_max_distance": 16})", "relative_attention_max_distance",
       "more than half", "16"},
      {"{", "the.json", "a JSON object", "{"}};
  for (const Case& c : cases) {
    const auto config = T5Config::FromJson(c.json, "the.json");
    ASSERT_FALSE(config.ok()) << c.json;
    EXPECT_THAT(config.status().ToString(),
                AllOf(HasSubstr("the.json"), HasSubstr(c.key), HasSubstr(c.expected),
                      HasSubstr("found " + c.found)))
        << c.json;
  }
}

TEST(RobertaConfigTest, ReadsFixtureAndWritesWhatItReads) {
  const auto config = RobertaConfig::Load("testdata/roberta");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->labels, (std::vector<std::string>{"calm", "rude", "unsure"}));
  EXPECT_EQ(config->max_tokens(), 32);
  EXPECT_EQ(*RobertaConfig::FromJson(config->ToJson()), *config);
}

TEST(RobertaConfigTest, CountsRobertaBase) {
  EXPECT_EQ(RobertaConfig().num_parameters(), 124'647'170);  // with two labels
}

TEST(RobertaConfigTest, BertHasItsOwnDefaultsAndWritesWhatItReads) {
  const auto config = RobertaConfig::FromJson(
      R"({"model_type": "bert", "id2label": {"1": "rude", "0": "calm", "2": "odd"}})");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_TRUE(config->is_bert());
  EXPECT_EQ(config->vocab_size, 30522);
  EXPECT_EQ(config->type_vocab_size, 2);
  EXPECT_EQ(config->layer_norm_eps, 1e-12);
  EXPECT_EQ(config->max_tokens(), 512);
  EXPECT_EQ(config->labels, (std::vector<std::string>{"calm", "rude", "odd"}));
  EXPECT_EQ(config->num_parameters(), 109'484'547);  // bert-base-uncased with three labels
  EXPECT_EQ(*RobertaConfig::FromJson(config->ToJson()), *config);
  EXPECT_THAT(config->ToJson(), HasSubstr("BertForSequenceClassification"));
}

TEST(RobertaConfigTest, Errors) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"num_attention_heads": 7})", "num_attention_heads: expected a divisor of hidden_size"},
      {R"({"id2label": {"0": "a", "2": "b"}})", "id2label: expected class numbers from 0 on"},
      {R"({"vocab_size": 1})",
       "pad_token_id: expected an integer from 0 to 0, found the default, 1"},
      {R"({"id2label": {"0": "a", "00": "b"}})", "id2label: expected class numbers from 0 on"},
      {R"({"id2label": ["a"]})", "id2label"},
      {std::string(100'000, '['), "expected a JSON object"},
      {R"({"id2label": )" + std::string(100'000, '[') + std::string(100'000, ']') + "}",
       "expected a JSON object"},
      {R"({"position_embedding_type": "relative_key"})", "position_embedding_type"},
      {R"({"hidden_act": "swish"})", "hidden_act: expected one of gelu, gelu_new, relu"}};
  for (const auto& [json, message] : cases) {
    EXPECT_THAT(RobertaConfig::FromJson(json).status().ToString(), HasSubstr(message)) << json;
  }
}

TEST(ModelTypeTest, FromTheFolder) {
  EXPECT_EQ(*DetectModelType("testdata/t5_relu"), ModelType::kT5);
  EXPECT_EQ(*DetectModelType("testdata/roberta"), ModelType::kRoberta);
  EXPECT_THAT(DetectModelType("testdata").status().ToString(),
              AllOf(HasSubstr("NOT_FOUND: testdata: there is no config.json"),
                    HasSubstr("name a Hugging Face model folder")));
  EXPECT_THAT(DetectModelType("/nowhere").status().ToString(), HasSubstr("/nowhere"));
}

TEST(GenerationDefaultsTest, FallBackToConfigJson) {
  const auto defaults = GenerationDefaults::Load("testdata/t5_gated");
  ASSERT_TRUE(defaults.ok()) << defaults.status();
  EXPECT_EQ(*defaults, (GenerationDefaults{0, 1, 0}));
}

}  // namespace
}  // namespace tact
