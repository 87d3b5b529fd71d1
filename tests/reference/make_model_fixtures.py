"""Writes common/model/testdata: tiny models and what transformers and peft compute with them.

Each folder is a Hugging Face model (config.json, model.safetensors) with expected.safetensors beside
it: inputs, encoder states, logits, loss and the gradient of every weight. Needs torch, transformers,
peft and safetensors; run as
    python tests/reference/make_model_fixtures.py common/model/testdata
"""
import json
import pathlib
import sys

import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from safetensors.torch import save_file
from transformers import RobertaConfig, RobertaForSequenceClassification
from transformers import T5Config, T5ForConditionalGeneration

SEED = 20260101
T5_SIZES = dict(vocab_size=40, d_model=12, d_kv=5, d_ff=20, num_layers=2, num_decoder_layers=2,
                num_heads=3, relative_attention_num_buckets=8, relative_attention_max_distance=20,
                dropout_rate=0.0, decoder_start_token_id=0, pad_token_id=0, eos_token_id=1)
ROBERTA_SIZES = dict(vocab_size=40, hidden_size=12, num_hidden_layers=2, num_attention_heads=3,
                     intermediate_size=20, max_position_embeddings=34, type_vocab_size=1,
                     hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
                     classifier_dropout=0.0, layer_norm_eps=1e-5, pad_token_id=1, bos_token_id=0,
                     eos_token_id=2)
T5_FILE = dict(T5_SIZES, model_type="t5", layer_norm_epsilon=1e-6, initializer_factor=1.0,
               is_encoder_decoder=True)


def save(folder, name, tensors):
    tensors = {key: value.detach().clone().contiguous() for key, value in tensors.items()}
    save_file(tensors, str(folder / name), metadata={"format": "pt"})


def perturb(model):
    """Weights of a useful size everywhere: norms away from 1, biases away from 0."""
    with torch.no_grad():
        for name, weight in sorted(model.named_parameters()):
            weight.add_(torch.randn_like(weight) * 0.3)


def gradients(model, loss, prefix="grad."):
    model.zero_grad()
    loss.backward()
    return {prefix + name: weight.grad for name, weight in model.named_parameters()
            if weight.grad is not None}


def t5_inputs():
    ids = torch.randint(2, 40, (3, 30))
    mask = torch.ones_like(ids)
    for row, length in enumerate([30, 17, 1]):
        ids[row, length:] = 0
        mask[row, length:] = 0
    labels = torch.randint(2, 40, (3, 9))
    labels[1, 6:] = -100
    labels[2, 1:] = -100
    return ids, mask, labels


def make_t5(folder, feed_forward, tied):
    config = T5Config(**T5_SIZES, feed_forward_proj=feed_forward, tie_word_embeddings=tied)
    model = T5ForConditionalGeneration(config).eval()
    if not tied:  # transformers 5 ties every T5; older versions and FLAN-T5's files do not
        model.lm_head.weight = torch.nn.Parameter(torch.randn(40, 12) * 0.3)
    perturb(model)
    weights = dict(model.named_parameters())
    folder.mkdir(parents=True, exist_ok=True)
    file = dict(T5_FILE, feed_forward_proj=feed_forward, tie_word_embeddings=tied)
    (folder / "config.json").write_text(json.dumps(file, indent=2) + "\n")
    save(folder, "model.safetensors", weights)

    ids, mask, labels = t5_inputs()
    out = model(input_ids=ids, attention_mask=mask, labels=labels, output_hidden_states=True)
    expected = dict(ids=ids, mask=mask, labels=labels, logits=out.logits, loss=out.loss,
                    encoder_states=out.encoder_last_hidden_state,
                    hidden=out.decoder_hidden_states[-1])
    expected.update(gradients(model, out.loss))
    save(folder, "expected.safetensors", expected)
    return model


def make_lora(folder, base):
    """Adapter on q and v of the given model; B away from zero, so that it changes something."""
    config = LoraConfig(r=2, lora_alpha=6, lora_dropout=0.0, target_modules=["q", "v"], bias="none",
                        task_type="SEQ_2_SEQ_LM")
    model = get_peft_model(base, config).eval()
    with torch.no_grad():
        for name, weight in sorted(model.named_parameters()):
            if "lora_B" in name:
                weight.normal_(0.0, 0.3)
    folder.mkdir(parents=True, exist_ok=True)
    file = dict(base_model_name_or_path="t5_gated", bias="none", fan_in_fan_out=False,
                inference_mode=True, init_lora_weights=True, lora_alpha=6, lora_dropout=0.0,
                modules_to_save=None, peft_type="LORA", r=2, target_modules=["q", "v"],
                task_type="SEQ_2_SEQ_LM")
    (folder / "adapter_config.json").write_text(json.dumps(file, indent=2) + "\n")
    save(folder, "adapter_model.safetensors", get_peft_model_state_dict(model))

    ids, mask, labels = t5_inputs()
    inputs = dict(input_ids=ids, attention_mask=mask, labels=labels)
    on = model(**inputs)
    expected = dict(ids=ids, mask=mask, labels=labels, on=on.logits, loss=on.loss)
    grads = gradients(model, on.loss)
    expected.update({name.replace(".default.weight", ".weight"): value
                     for name, value in grads.items()})
    with model.disable_adapter():
        expected["off"] = model(**inputs).logits
    expected["merged"] = model.merge_and_unload()(**inputs).logits
    save(folder, "expected.safetensors", expected)


def make_roberta(folder):
    config = RobertaConfig(**ROBERTA_SIZES, num_labels=3, hidden_act="gelu")
    model = RobertaForSequenceClassification(config).eval()
    perturb(model)
    folder.mkdir(parents=True, exist_ok=True)
    labels = {str(i): name for i, name in enumerate(["calm", "rude", "unsure"])}
    file = dict(ROBERTA_SIZES, model_type="roberta", hidden_act="gelu", initializer_range=0.02,
                id2label=labels, label2id={name: int(i) for i, name in labels.items()})
    (folder / "config.json").write_text(json.dumps(file, indent=2) + "\n")
    save(folder, "model.safetensors", dict(model.named_parameters()))

    ids = torch.randint(3, 40, (3, 32))
    ids[:, 0] = 0
    for row, length in enumerate([32, 11, 2]):
        ids[row, length:] = 1
    mask = (ids != 1).long()
    target = torch.tensor([2, 0, 1])
    out = model(input_ids=ids, attention_mask=mask, labels=target)
    expected = dict(ids=ids, mask=mask, labels=target, logits=out.logits, loss=out.loss)
    expected.update(gradients(model, out.loss))
    save(folder, "expected.safetensors", expected)


def main():
    out = pathlib.Path(sys.argv[1])
    torch.manual_seed(SEED)
    gated = make_t5(out / "t5_gated", "gated-gelu", tied=False)
    make_t5(out / "t5_relu", "relu", tied=True)
    make_lora(out / "lora", gated)
    make_roberta(out / "roberta")


if __name__ == "__main__":
    main()
