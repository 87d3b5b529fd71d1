#!/usr/bin/env python3
"""Writes a Hugging Face folder of real size with random weights, for trials without the internet.

    pip install torch transformers sentencepiece
    tests/bench/make_checkpoint.py --shape flan-t5-base --out /tmp/models/policy
    tests/bench/make_checkpoint.py --shape roberta-base --out /tmp/models/reward

The configuration is that of google/flan-t5-base or roberta-base (as a classifier with the labels
neutral and toxic). The tokenizer is a small one, trained here on datasets/*.jsonl; its ids lie
within the configuration's vocabulary.
"""
import argparse
import json
import pathlib
import string
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PIECES = 1000

T5_BASE = dict(
    vocab_size=32128, d_model=768, d_kv=64, d_ff=2048, num_layers=12, num_decoder_layers=12,
    num_heads=12, relative_attention_num_buckets=32, relative_attention_max_distance=128,
    dropout_rate=0.1, layer_norm_epsilon=1e-6, initializer_factor=1.0,
    feed_forward_proj="gated-gelu", tie_word_embeddings=False, pad_token_id=0, eos_token_id=1,
    decoder_start_token_id=0, n_positions=512)

ROBERTA_BASE = dict(
    vocab_size=50265, hidden_size=768, num_hidden_layers=12, num_attention_heads=12,
    intermediate_size=3072, max_position_embeddings=514, type_vocab_size=1, layer_norm_eps=1e-5,
    hidden_act="gelu", hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.1, bos_token_id=0,
    pad_token_id=1, eos_token_id=2, id2label={0: "neutral", 1: "toxic"},
    label2id={"neutral": 0, "toxic": 1})


def corpus():
    """Texts of the repository's data sets, and every printable character."""
    lines = list(string.printable[:95])
    for path in sorted((ROOT / "datasets").glob("*.jsonl")):
        for line in path.open(encoding="utf-8"):
            record = json.loads(line)
            for field in ("dialogue", "summary", "text"):
                lines.extend(record.get(field, "").splitlines())
    return lines


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def write_t5_tokenizer(out):
    """spiece.model; returns the number of its pieces."""
    import sentencepiece
    with (out / "spiece.model").open("wb") as model:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(corpus()), model_writer=model, model_type="unigram",
            vocab_size=PIECES, hard_vocab_limit=False, character_coverage=1.0, pad_id=0, eos_id=1,
            unk_id=2, bos_id=-1, pad_piece="<pad>", minloglevel=2)
    write_json(out / "tokenizer_config.json",
               dict(tokenizer_class="T5Tokenizer", extra_ids=100, eos_token="</s>",
                    unk_token="<unk>", pad_token="<pad>", model_max_length=512))
    return sentencepiece.SentencePieceProcessor(str(out / "spiece.model")).get_piece_size()


def write_roberta_tokenizer(out):
    from tokenizers import ByteLevelBPETokenizer
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer = ByteLevelBPETokenizer()
    tokenizer.train_from_iterator(corpus(), vocab_size=PIECES, special_tokens=special,
                                  show_progress=False)
    tokenizer.save_model(str(out))
    write_json(out / "tokenizer_config.json",
               dict(tokenizer_class="RobertaTokenizer", model_max_length=512))


def save(out, model, config, architecture, drop=()):
    """Weights and configuration, the latter by hand: transformers 5 ties T5's embeddings always."""
    from safetensors.torch import save_file
    state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()
             if not name.endswith(drop)}
    save_file(state, out / "model.safetensors", metadata={"format": "pt"})
    write_json(out / "config.json", {"architectures": [architecture], **config})


def write_t5(out):
    import torch
    from transformers import T5Config, T5ForConditionalGeneration
    pieces = write_t5_tokenizer(out)
    model = T5ForConditionalGeneration(T5Config(**T5_BASE))
    # Rows large enough that a sample falls on the tokenizer's own pieces, not on the empty rest.
    head = torch.zeros(T5_BASE["vocab_size"], T5_BASE["d_model"])
    head[:pieces] = torch.randn(pieces, T5_BASE["d_model"]) * 8 * T5_BASE["d_model"]**-0.5
    model.lm_head.weight = torch.nn.Parameter(head)
    save(out, model, dict(T5_BASE, model_type="t5", is_encoder_decoder=True),
         "T5ForConditionalGeneration", drop=("embed_tokens.weight",))


def write_roberta(out):
    from transformers import RobertaConfig, RobertaForSequenceClassification
    model = RobertaForSequenceClassification(RobertaConfig(**ROBERTA_BASE))
    save(out, model, dict(ROBERTA_BASE, model_type="roberta"), "RobertaForSequenceClassification",
         drop=("position_ids",))
    write_roberta_tokenizer(out)


SHAPES = {"flan-t5-base": write_t5, "roberta-base": write_roberta}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder to write")
    parser.add_argument("--shape", choices=sorted(SHAPES), required=True)
    parser.add_argument("--seed", type=int, default=0, help="of the weights [0]")
    arguments = parser.parse_args()
    import torch
    torch.manual_seed(arguments.seed)
    arguments.out.mkdir(parents=True, exist_ok=True)
    SHAPES[arguments.shape](arguments.out)
    size = sum(path.stat().st_size for path in arguments.out.iterdir()) >> 20
    print(f"{arguments.out}: {arguments.shape}, {size} MiB", file=sys.stderr)


if __name__ == "__main__":
    main()
