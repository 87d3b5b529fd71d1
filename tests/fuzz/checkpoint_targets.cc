#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "common/model/checkpoint.h"
#include "common/model/config.h"
#include "common/model/lora_config.h"
#include "common/model/safetensors.h"
#include "common/model/torch_file.h"
#include "common/model/torch_file_builder.h"
#include "tests/fuzz/targets.h"

namespace tact::fuzz {
namespace {

const std::vector<float> kValues = {1, 2, 3, 4, 5, 6};

// Reads every byte of every tensor, and demands that there are as many as its shape says.
bool Touch(const TensorViews& tensors) {
  size_t sum = 0;
  for (const auto& [name, view] : tensors) {
    if (view.data.size() != static_cast<size_t>(view.num_elements()) * DTypeSize(view.dtype)) {
      std::fprintf(stderr, "tensor %s has %zu bytes\n", name.c_str(), view.data.size());
      std::abort();
    }
    for (const std::byte byte : view.data) sum += static_cast<size_t>(byte);
    if (const auto values = ToFloat(view, name); values.ok()) sum += values->size();
  }
  return sum < SIZE_MAX;  // so that the reads are not left out
}

std::string Framed(const std::string& header) {
  const uint64_t size = header.size();
  return std::string(reinterpret_cast<const char*>(&size), sizeof(size)) + header;
}

Target SafeTensorsTarget() {
  const auto run = [](const std::string& input) {
    const auto file = SafeTensors::Parse(ViewOf(input), "input");
    return WasRead(file.status()) && Touch(file->tensors());
  };
  const TensorViews tensors = {{"first", FloatView(kValues, {2, 3})},
                               {"second", FloatView(kValues, {6})},
                               {"empty", FloatView({}, {0, 4})}};
  return {"safetensors", {SerializeSafeTensors(tensors, {{"step", "3"}}).value()}, run};
}

// The header alone, whose size is always right.
Target SafeTensorsHeaderTarget() {
  const auto run = [](const std::string& input) {
    const std::string bytes = Framed(input) + std::string(48, '\1');
    const auto file = SafeTensors::Parse(ViewOf(bytes), "input");
    return WasRead(file.status()) && Touch(file->tensors());
  };
  return {"safetensors header",
          {R"({"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
           R"("b":{"dtype":"BF16","shape":[12],"data_offsets":[24,48]}})",
           R"({"__metadata__":{"format":"pt"},"c":{"dtype":"I64","shape":[6],)"
           R"("data_offsets":[0,48]}})"},
          run,
          Grammar::kJson};
}

std::vector<TorchTensor> Tensors() {
  return {{"all", "FloatStorage", "0", 6, 0, {2, 3}, {3, 1}},
          {"turned", "FloatStorage", "0", 6, 0, {3, 2}, {1, 3}},
          {"repeated", "FloatStorage", "0", 6, 2, {4, 2}, {0, 1}},
          {"half", "HalfStorage", "1", 4, 1, {2}, {2}}};
}

NamedBytes Storages() { return {{"0", BytesOf(kValues)}, {"1", BytesOf<uint16_t>({1, 2, 3, 4})}}; }

// The whole archive: end records, directory, entries, checksums.
Target ZipTarget() {
  const auto run = [](const std::string& input) {
    const auto file = TorchFile::Parse(ViewOf(input), "input");
    return WasRead(file.status()) && Touch(file->tensors());
  };
  const TensorViews written = {{"w", FloatView(kValues, {6})}};
  return {"zip",
          {MakeTorchFile(MakePickle(Tensors()), Storages()),
           MakeTorchFile(MakePickle(Tensors()), Storages(), /*deflate=*/true),
           SerializeTorchFile(written).value()},
          run};
}

// The pickle alone, in an archive whose checksums are right.
Target PickleTarget() {
  const auto run = [](const std::string& input) {
    const std::string bytes = MakeTorchFile(input, Storages());
    const auto file = TorchFile::Parse(ViewOf(bytes), "input");
    return WasRead(file.status()) && Touch(file->tensors());
  };
  PickleWriter parameter, stack_global;
  parameter.Raw("\x80\x02}").Text("w").Global("torch._utils", "_rebuild_parameter").Raw("(");
  parameter.Global("torch._utils", "_rebuild_tensor_v2").Raw("(");
  const std::vector<int64_t> six = {6}, one = {1};
  parameter.Storage("FloatStorage", "0", 6).Int(0).Tuple(six).Tuple(one).Raw("\x89}tR\x88}tRs.");
  stack_global.Raw("\x80\x04}\x94(").Text("k").Raw("]\x94(K\1M\2\2Ne\x94h").Raw({"\0", 1});
  stack_global.Raw(
      "0\x8c\x0b"
      "collections\x8c\x0bOrderedDict\x93)Ru.");
  return {"pickle", {MakePickle(Tensors()), parameter.text(), stack_global.text()}, run};
}

Target IndexTarget(const std::filesystem::path& folder) {
  const TensorViews a = {{"a", FloatView(kValues, {6})}}, b = {{"b", FloatView(kValues, {6})}};
  for (const auto& [file, tensors] : {std::pair{"one.safetensors", a}, {"two.bin", b}}) {
    const std::string name = file;
    const absl::Status written = name.ends_with(".bin") ? WriteTorchFile(folder / name, tensors)
                                                        : WriteSafeTensors(folder / name, tensors);
    if (!written.ok()) std::abort();
  }
  const auto run = [folder](const std::string& input) {
    std::ofstream(folder / "model.safetensors.index.json", std::ios::binary) << input;
    const auto checkpoint = Checkpoint::Open(folder);
    return WasRead(checkpoint.status()) && !checkpoint->names().empty();
  };
  return {"index",
          {R"({"metadata": {"total_size": 48},)"
           R"( "weight_map": {"a": "one.safetensors", "b": "two.bin"}})",
           R"({"weight_map": {"a": "../one.safetensors", "c": 3}})"},
          run,
          Grammar::kJson};
}

Target ConfigTarget() {
  const auto run = [](const std::string& input) {
    const auto t5 = T5Config::FromJson(input);
    const auto roberta = RobertaConfig::FromJson(input);
    if (t5.ok() && *T5Config::FromJson(t5->ToJson()) != *t5) std::abort();
    if (roberta.ok() && *RobertaConfig::FromJson(roberta->ToJson()) != *roberta) std::abort();
    return WasRead(t5.status()) || WasRead(roberta.status());
  };
  RobertaConfig bert;
  bert.family = EncoderFamily::kBert;
  return {"config.json",
          {T5Config().ToJson(), RobertaConfig().ToJson(), bert.ToJson()},
          run,
          Grammar::kJson};
}

Target AdapterConfigTarget() {
  const auto run = [](const std::string& input) {
    const auto config = LoraConfig::FromJson(input);
    if (config.ok() && *LoraConfig::FromJson(config->ToJson()) != *config) std::abort();
    return WasRead(config.status());
  };
  LoraConfig pattern;
  pattern.target_pattern = ".*\\.q";
  pattern.bias = LoraBias::kAll;
  pattern.modules_to_save = {"lm_head"};
  return {"adapter_config.json", {LoraConfig().ToJson(), pattern.ToJson()}, run, Grammar::kJson};
}

Target GenerationConfigTarget(const std::filesystem::path& folder) {
  const auto run = [folder](const std::string& input) {
    WriteInput(folder / "generation_config.json", input);
    WriteInput(folder / "config.json", T5Config().ToJson());
    return WasRead(GenerationDefaults::Load(folder).status());
  };
  GenerationDefaults other;
  other.eos_token_id = 7;
  return {"generation_config.json",
          {GenerationDefaults().ToJson(), other.ToJson(),
           R"({"eos_token_id": [1, 2], "pad_token_id": null, "transformers_version": "4.27.2"})"},
          run,
          Grammar::kJson};
}

Target ModelTypeTarget(const std::filesystem::path& folder) {
  const auto run = [folder](const std::string& input) {
    WriteInput(folder / "config.json", input);
    return WasRead(DetectModelType(folder).status());
  };
  return {"model_type", {T5Config().ToJson(), RobertaConfig().ToJson()}, run, Grammar::kJson};
}

}  // namespace

std::vector<Target> CheckpointTargets(const std::filesystem::path& folder) {
  return {SafeTensorsTarget(),
          SafeTensorsHeaderTarget(),
          ZipTarget(),
          PickleTarget(),
          IndexTarget(folder),
          ConfigTarget(),
          AdapterConfigTarget(),
          GenerationConfigTarget(folder),
          ModelTypeTarget(folder)};
}

}  // namespace tact::fuzz
