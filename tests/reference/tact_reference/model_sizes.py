"""Every size of T5 v1.0, v1.1, FLAN and mT5 by its config alone, and how many parameters it has.

The counts are by formula, because the largest would need 50 GB; the formula is first held against
real tiny models, and known counts are asserted.
"""
from peft import LoraConfig, get_peft_model
from transformers import T5Config, T5ForConditionalGeneration

# d_model, d_kv, d_ff, layers (of encoder and of decoder), heads
V10 = {"t5-small": (512, 64, 2048, 6, 8), "t5-base": (768, 64, 3072, 12, 12),
       "t5-large": (1024, 64, 4096, 24, 16), "t5-3b": (1024, 128, 16384, 24, 32),
       "t5-11b": (1024, 128, 65536, 24, 128)}
V11 = {"small": (512, 64, 1024, 8, 6), "base": (768, 64, 2048, 12, 12),
       "large": (1024, 64, 2816, 24, 16), "xl": (2048, 64, 5120, 24, 32),
       "xxl": (4096, 64, 10240, 24, 64)}
FAMILIES = {"google/t5-v1_1-": 32128, "google/flan-t5-": 32128, "google/mt5-": 250112}
KNOWN = {"t5-small": 60506624, "t5-base": 222903552, "google/flan-t5-base": 247577856,
         "google/mt5-small": 300176768}
RANKS = (1, 4, 8, 16, 32)


def make(out):
    check_formula()
    rows = [row(name, 32128, size, "relu", True) for name, size in V10.items()]
    rows += [row(prefix + name, vocab, size, "gated-gelu", False)
             for prefix, vocab in FAMILIES.items() for name, size in V11.items()]
    counts = {each["name"]: each["parameters"] for each in rows}
    assert all(counts[name] == count for name, count in KNOWN.items())
    base = next(each for each in rows if each["name"] == "google/flan-t5-base")["config"]
    lora = [lora_row(base, rank) for rank in RANKS]
    assert lora[2]["trainable"] == 884736 and lora[2]["all"] == 248462592
    out.json("model_sizes.json", {"models": rows, "lora_flan_t5_base_q_v": lora})
    out.count(len(rows) + len(lora))


def row(name, vocab, size, feed_forward, tied):
    d_model, d_kv, d_ff, layers, heads = size
    config = dict(d_model=d_model, d_kv=d_kv, d_ff=d_ff, num_layers=layers,
                  num_decoder_layers=layers, num_heads=heads, vocab_size=vocab,
                  relative_attention_num_buckets=32, relative_attention_max_distance=128,
                  feed_forward_proj=feed_forward, tie_word_embeddings=tied)
    return {"name": name, "config": config, "parameters": parameters(config)}


def parameters(config):
    """Three blocks of attention a pair of layers, five norms, two final norms, two bias tables."""
    c = config
    inner = c["num_heads"] * c["d_kv"]
    matrices = 3 if c["feed_forward_proj"].startswith("gated") else 2
    feed_forward = matrices * c["d_model"] * c["d_ff"]
    attention = 4 * c["d_model"] * inner
    encoder = c["num_layers"] * (attention + feed_forward + 2 * c["d_model"])
    decoder = c["num_decoder_layers"] * (2 * attention + feed_forward + 3 * c["d_model"])
    ends = 2 * c["d_model"] + 2 * c["relative_attention_num_buckets"] * c["num_heads"]
    tables = 1 if c["tie_word_embeddings"] else 2
    return tables * c["vocab_size"] * c["d_model"] + encoder + decoder + ends


def lora_parameters(config, rank):
    inner = config["num_heads"] * config["d_kv"]
    blocks = config["num_layers"] + 2 * config["num_decoder_layers"]
    return 2 * blocks * rank * (config["d_model"] + inner)


def lora_row(config, rank):
    trainable = lora_parameters(config, rank)
    both = parameters(config) + trainable
    return {"r": rank, "trainable": trainable, "all": both,
            "percent": f"{100 * trainable / both:.2f}"}


def check_formula():
    for feed_forward in ("relu", "gated-gelu"):
        for tied in (True, False):
            config = row("", 60, (12, 5, 20, 2, 3), feed_forward, tied)["config"]
            model = T5ForConditionalGeneration(T5Config(**config))
            assert parameters(config) == sum(w.numel() for w in model.parameters())
            lora = get_peft_model(model, LoraConfig(
                r=2, lora_alpha=4, lora_dropout=0.0, target_modules=["q", "v"]))
            trained = sum(w.numel() for w in lora.parameters() if w.requires_grad)
            assert lora_parameters(config, 2) == trained
