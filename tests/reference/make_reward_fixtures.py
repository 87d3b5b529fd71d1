"""Writes a tiny RoBERTa classifier with random weights and the logits that transformers computes.

    python -m venv venv && venv/bin/pip install torch transformers safetensors
    venv/bin/python tests/reference/make_reward_fixtures.py services/reward/testdata/tiny
"""
import argparse
import json
import pathlib
import random

import torch
from transformers import RobertaConfig, RobertaForSequenceClassification

TEXTS = ["", "hello", "hello there", " thanks a lot", "what a silly, lazy plan!", "Größe 7", "a\nb",
         "the quick brown fox jumps over the lazy dog"]


def bytes_to_unicode():
    """The printable stand-ins for bytes in byte-level BPE vocabularies."""
    kept = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    table = {b: chr(b) for b in kept}
    for b in range(256):
        if b not in table:
            table[b] = chr(256 + len(table) - len(kept))
    return table


MERGES = ["h e", "l l", "he ll", "hell o", "Ġ t", "Ġt he", "t h", "Ġ a", "e r", "l a"]


def write_tokenizer(out):
    tokens = ["<s>", "<pad>", "</s>", "<unk>", *sorted(bytes_to_unicode().values())]
    tokens += [m.replace(" ", "") for m in MERGES] + ["<mask>"]
    vocab = {token: i for i, token in enumerate(tokens)}
    (out / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False, separators=(",", ":")))
    (out / "merges.txt").write_text("#version: 0.2\n" + "\n".join(MERGES) + "\n")
    return vocab


def encode(text, vocab):
    """Byte-level BPE without the word split: enough for ids that both sides get."""
    table = bytes_to_unicode()
    ids = [vocab[table[b]] for b in text.encode()]
    return [vocab["<s>"], *ids, vocab["</s>"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    rng = random.Random(options.seed)
    vocab = write_tokenizer(options.out)
    config = RobertaConfig(
        vocab_size=len(vocab), hidden_size=24, num_hidden_layers=3, num_attention_heads=4,
        intermediate_size=40, max_position_embeddings=66, type_vocab_size=1, layer_norm_eps=1e-5,
        id2label={0: "neutral", 1: "toxic", 2: "odd"}, initializer_range=0.3)
    model = RobertaForSequenceClassification(config).eval()
    for parameter in model.parameters():  # also of norms and biases, so that none can be left out
        parameter.data += 0.1 * torch.randn_like(parameter)
    model.save_pretrained(options.out, safe_serialization=True)

    rows = [encode(text, vocab) for text in TEXTS]
    rows += [[0, *(rng.randrange(4, len(vocab)) for _ in range(n)), 2] for n in (1, 17, 40, 62)]
    rows.append([0, 60, 1, 61, 1, 1, 62, 2])  # pad ids inside a text keep the pad's position
    cases = []
    for ids in rows:
        with torch.no_grad():
            logits = model(torch.tensor([ids]), attention_mask=torch.ones(1, len(ids))).logits[0]
        cases.append({"ids": ids, "logits": [round(x, 7) for x in logits.tolist()]})
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (options.out / "expected.json").write_text("[\n" + lines + "\n]\n")
    print(len(cases), "cases,", sum(p.numel() for p in model.parameters()), "parameters")


if __name__ == "__main__":
    main()
