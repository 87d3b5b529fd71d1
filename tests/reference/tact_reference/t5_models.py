"""The tiny T5 models: their sizes, weights, and the forms in which they are saved."""
import json

import torch
from safetensors.torch import save_file
from transformers import T5Config, T5ForConditionalGeneration
from transformers.modeling_utils import shard_checkpoint

SIZES = dict(d_model=32, d_kv=8, d_ff=48, num_layers=2, num_decoder_layers=2, num_heads=4,
             relative_attention_num_buckets=32, relative_attention_max_distance=128,
             dropout_rate=0.0, pad_token_id=0, eos_token_id=1, decoder_start_token_id=0)
MODELS = {"t5_gated_untied": dict(feed_forward_proj="gated-gelu", tie_word_embeddings=False),
          "t5_relu_tied": dict(feed_forward_proj="relu", tie_word_embeddings=True)}
# A smaller one for training runs, whose weights are recorded many times.
TRAINING_SIZES = dict(SIZES, vocab_size=96, d_model=24, d_ff=32, num_heads=3)
SHARD = "30KB"


def build(vocab_size, **changes):
    config = T5Config(**dict(SIZES, vocab_size=vocab_size, **changes))
    return make_lively(perturb(T5ForConditionalGeneration(config).eval()))


def training_model(**changes):
    config = T5Config(**TRAINING_SIZES, **changes)
    return perturb(T5ForConditionalGeneration(config).eval())


def perturb(model, scale=0.1):
    """Weights of a useful size everywhere: norms away from 1, biases away from 0."""
    with torch.no_grad():
        for _, weight in sorted(model.named_parameters()):
            weight.add_(torch.randn_like(weight) * scale)
    return model


def make_lively(model):
    """Stronger layers and positions: a random decoder would only repeat its last token.

    Not by more than 2: rounding grows with it, and must stay well below the tests' tolerance.
    """
    lively = (".o.weight", ".wo.weight", "relative_attention_bias.weight")
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith(lively):
                weight.mul_(2)
        if model.config.tie_word_embeddings:
            model.shared.weight.mul_(0.15)
    return model


def teach_eos(model, share=0.25):
    """Turns the head's row of EOS until it wins that share of positions: sequences then do end.

    The row is at a right angle to the states of the first position, so that few end at once.
    """
    vocab, start = model.config.vocab_size, torch.zeros(8, 1, dtype=torch.long)
    ids = torch.randint(3, vocab, (8, 24))
    answers = torch.cat([start, torch.randint(3, vocab, (8, 23))], 1)
    with torch.no_grad():
        out = model(input_ids=ids, decoder_input_ids=answers, output_hidden_states=True)
        hidden = out.decoder_hidden_states[-1]
        first, later = hidden[:, 0].mean(0), hidden[:, 1:].flatten(0, 1)
        direction = later.mean(0) - first * (later.mean(0) @ first) / (first @ first)
        scale = model.config.d_model**-0.5 if model.config.tie_word_embeddings else 1.0
        needed = out.logits[:, 1:].flatten(0, 1).max(1).values / (later @ direction * scale)
        needed = needed[needed > 0].sort().values
        head = model.get_output_embeddings().weight
        head[model.config.eos_token_id] = direction * needed[int(share * len(needed))]
    return model


def unique_state(model):
    """The state without its tied copies, as Hugging Face writes it to safetensors."""
    tied = {"encoder.embed_tokens.weight", "decoder.embed_tokens.weight"}
    if model.config.tie_word_embeddings:
        tied.add("lm_head.weight")
    return {name: weight for name, weight in model.state_dict().items() if name not in tied}


def save(out, name, model):
    """config.json, generation_config.json and model.safetensors, without paths of the machine."""
    folder = out.path(f"models/{name}/config.json").parent
    model.config.architectures = [type(model).__name__]
    model.config.save_pretrained(folder)
    model.generation_config.save_pretrained(folder)
    out.tensors(f"models/{name}/model.safetensors", unique_state(model))


def save_bin(out, name, model, max_shard_size="10GB"):
    """pytorch_model.bin (or its shards and index) as transformers writes it, with tied copies."""
    folder = out.path(f"models/{name}/config.json").parent
    model.save_pretrained(folder, safe_serialization=False, max_shard_size=max_shard_size)


def save_safetensors_shards(out, name, model):
    """In the form of later versions: 4.27.2 itself refuses tied weights here."""
    folder = out.path(f"models/{name}/config.json").parent
    model.config.save_pretrained(folder)
    model.generation_config.save_pretrained(folder)
    shards, index = shard_checkpoint(unique_state(model), SHARD, weights_name="model.safetensors")
    for file, shard in shards.items():
        save_file({key: value.clone().contiguous() for key, value in shard.items()},
                  str(folder / file), metadata={"format": "pt"})
    text = json.dumps(index, indent=2, sort_keys=True)
    (folder / "model.safetensors.index.json").write_text(text + "\n")


def load(out, name):
    model = T5ForConditionalGeneration.from_pretrained(str(out.path(f"models/{name}/x").parent))
    model.config._name_or_path = model.name_or_path = ""  # else the path goes into saved configs
    return model.eval()
