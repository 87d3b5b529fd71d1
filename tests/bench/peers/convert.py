#!/usr/bin/env python3
"""Converts Hugging Face folders for the peers; what is there already stays.

    convert.py --policy FOLDER --reward FOLDER --cache FOLDER

Writes ctranslate2-f32/ and ctranslate2-int8/, classifier-f32.onnx (with the fusions of
onnxruntime's optimizer for BERT) and classifier-int8.onnx (dynamic quantisation of its products,
a scale for each output channel).
"""
import argparse
import pathlib


def convert_policy(folder, cache):
    from ctranslate2.converters import TransformersConverter
    for dtype, quantization in (("f32", "float32"), ("int8", "int8")):
        out = cache / f"ctranslate2-{dtype}"
        if not out.exists():
            TransformersConverter(str(folder)).convert(str(out), quantization=quantization)


def export_classifier(folder, out):
    import torch
    from transformers import AutoModelForSequenceClassification

    class Logits(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = AutoModelForSequenceClassification.from_pretrained(
                folder, attn_implementation="eager").eval()

        def forward(self, input_ids, attention_mask):
            return self.model(input_ids=input_ids, attention_mask=attention_mask).logits

    ids = torch.full((2, 8), 5)
    axes = {0: "texts", 1: "tokens"}
    torch.onnx.export(Logits(), (ids, torch.ones_like(ids)), str(out), opset_version=17,
                      input_names=["input_ids", "attention_mask"], output_names=["logits"],
                      dynamic_axes={"input_ids": axes, "attention_mask": axes,
                                    "logits": {0: "texts"}}, dynamo=False)


def optimise(plain, out, config):
    from onnxruntime.transformers import optimizer
    model = optimizer.optimize_model(str(plain), model_type="bert",
                                     num_heads=config.num_attention_heads,
                                     hidden_size=config.hidden_size)
    print("fusions:", model.get_fused_operator_statistics())
    model.save_model_to_file(str(out))


def convert_reward(folder, cache):
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from transformers import AutoConfig
    f32, int8 = cache / "classifier-f32.onnx", cache / "classifier-int8.onnx"
    if not f32.exists():
        plain = cache / "classifier-plain.onnx"
        export_classifier(folder, plain)
        optimise(plain, f32, AutoConfig.from_pretrained(folder))
        plain.unlink()
    if not int8.exists():
        quantize_dynamic(str(f32), str(int8), per_channel=True, weight_type=QuantType.QInt8,
                         op_types_to_quantize=["MatMul", "Attention", "Gemm"],
                         extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--policy", required=True)
    parser.add_argument("--reward", required=True)
    parser.add_argument("--cache", type=pathlib.Path, required=True)
    args = parser.parse_args()
    args.cache.mkdir(parents=True, exist_ok=True)
    convert_policy(args.policy, args.cache)
    convert_reward(args.reward, args.cache)
    print("{}")  # runs.py reads the last line


if __name__ == "__main__":
    main()
