"""LoRA by peft: adapter on, off and merged, gradients, saved adapters, several on one base."""
import copy
import json

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from transformers import RobertaForSequenceClassification

from . import t5_models

# peft 0.3.0 compares the end of the name: "o" also takes wo, and "k" would take every "block".
ALL_LINEAR = ["q", "Attention.k", "v", "o", "wi_0", "wi_1", "lm_head"]
REGEX = r"decoder.*\.(SelfAttention|EncDecAttention)\.(q|v)"
VARIANTS = {  # base, then what differs from r 4, alpha 16, no bias
    "t5_q_v_r4": ("t5_gated_untied", dict(target_modules=["q", "v"])),
    "t5_q_v_r1": ("t5_gated_untied", dict(target_modules=["q", "v"], r=1, lora_alpha=32)),
    "t5_all_linear_r8": ("t5_gated_untied", dict(target_modules=ALL_LINEAR, r=8, lora_alpha=4)),
    "t5_regex_r4": ("t5_gated_untied", dict(target_modules=REGEX)),
    "t5_safetensors_r4": ("t5_gated_untied", dict(target_modules=["n.k", "wi_1"])),
    "roberta_r4": ("roberta_2", dict(target_modules=["query", "value"])),
    "roberta_bias_all": ("roberta_2", dict(target_modules=["query", "value"], bias="all")),
    "roberta_bias_lora_only": ("roberta_2", dict(target_modules=["query", "value"], r=8,
                                                 bias="lora_only")),
    "roberta_regex_r1": ("roberta_2", dict(target_modules=r".*layer\.1.*dense", r=1))}
TOGETHER = ["t5_q_v_r4", "t5_all_linear_r8"]


def make(out):
    inputs = {"t5_gated_untied": t5_inputs(), "roberta_2": roberta_inputs()}
    for name, (base, changes) in VARIANTS.items():
        model = adapt(load(out, base), base, **changes)
        save(out, name, model, as_safetensors="safetensors" in name)
        tensors, about = record(model, inputs[base])
        out.tensors(f"lora/{name}.safetensors", tensors)
        out.json(f"lora/{name}.json", {"base": base, "adapter": name, **about})
    several(out, inputs["t5_gated_untied"])
    out.count(4 * len(VARIANTS) + len(TOGETHER))


def load(out, name):
    if name.startswith("t5"):
        return t5_models.load(out, name)
    folder = str(out.path(f"models/{name}/x").parent)
    model = RobertaForSequenceClassification.from_pretrained(folder)
    model.config._name_or_path = model.name_or_path = ""
    return model.eval()


def t5_inputs():
    ids, labels = torch.randint(3, 400, (3, 20)), torch.randint(3, 400, (3, 6))
    ids[1, 9:], ids[2, 1:] = 0, 0
    labels[1, 4:], labels[2, 1:] = -100, -100
    return {"input_ids": ids, "attention_mask": (ids != 0).long(), "labels": labels}


def roberta_inputs():
    ids = torch.randint(5, 400, (3, 30))
    ids[:, 0], ids[1, 11:], ids[2, 2:] = 0, 1, 1
    labels = torch.tensor([1, 0, 1])
    return {"input_ids": ids, "attention_mask": (ids != 1).long(), "labels": labels}


def adapt(model, base, r=4, lora_alpha=16, bias="none", **changes):
    """peft's wrapper with everything trainable moved away from its start (B is zero there)."""
    task = "SEQ_2_SEQ_LM" if base.startswith("t5") else "SEQ_CLS"
    config = LoraConfig(r=r, lora_alpha=lora_alpha, lora_dropout=0.0, bias=bias, task_type=task,
                        fan_in_fan_out=False, base_model_name_or_path=base, **changes)
    model = get_peft_model(model, config).eval()
    model.peft_config["default"].base_model_name_or_path = base
    with torch.no_grad():
        for _, weight in sorted(model.named_parameters()):
            if weight.requires_grad:
                weight.add_(torch.randn_like(weight) * 0.1)
    return model


def save(out, name, model, as_safetensors=False):
    """peft 0.3.0 writes adapter_model.bin; the safetensors form is that of later versions."""
    folder = out.path(f"adapters/{name}/x").parent
    model.save_pretrained(str(folder))
    if as_safetensors:
        (folder / "adapter_model.bin").unlink()
        out.tensors(f"adapters/{name}/adapter_model.safetensors", get_peft_model_state_dict(model))
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()), indent=2, sort_keys=True) + "\n")


def saved_name(name):
    """A parameter's name in the saved adapter."""
    return name.replace(".modules_to_save.default", "").replace(".default", "")


def record(model, inputs):
    on = model(**inputs)
    on.loss.backward()
    tensors = {f"input.{key}": value for key, value in inputs.items()}
    # With bias "all" the replaced classifier's biases count as trainable, but have no gradient.
    tensors.update({"grad." + saved_name(name): weight.grad
                    for name, weight in model.named_parameters() if weight.grad is not None})
    with torch.no_grad():
        with model.disable_adapter():
            off = model(**inputs).logits
        merged = copy.deepcopy(model).merge_and_unload()(**inputs).logits
    trainable = sum(w.numel() for w in model.parameters() if w.requires_grad)
    everything = sum(w.numel() for w in model.parameters())
    tensors.update(on=on.logits, off=off, merged=merged)
    return tensors, {"loss": on.loss.item(), "trainable": trainable, "all": everything,
                     "percent": f"{100 * trainable / everything:.2f}"}


@torch.no_grad()
def several(out, inputs):
    first, second = (str(out.path(f"adapters/{name}/x").parent) for name in TOGETHER)
    model = PeftModel.from_pretrained(t5_models.load(out, "t5_gated_untied"), first, "first")
    model.load_adapter(second, "second")
    tensors = {f"input.{key}": value for key, value in inputs.items()}
    for name in ("first", "second"):
        model.set_adapter(name)
        tensors[name] = model(**inputs).logits
    with model.disable_adapter():
        tensors["off"] = model(**inputs).logits
    out.tensors("lora/several.safetensors", tensors)
    out.json("lora/several.json", {"base": "t5_gated_untied", "first": TOGETHER[0],
                                   "second": TOGETHER[1]})
