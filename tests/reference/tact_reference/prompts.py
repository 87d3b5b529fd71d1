"""The notebook's prompts, from the dialogues they are made of to the ids the model gets."""
from . import texts
from .tokenizer_training import load

CASES = 15


def make(out):
    _, tokenizer, _ = load(out.path("tokenizers/t5"))
    out.json("prompts.json", {"cases": [case(out.rng, tokenizer) for _ in range(CASES)]})
    out.count(4 * CASES)


def case(rng, tokenizer):
    shots, (text, _) = [texts.dialogue(rng) for _ in range(rng.randint(1, 3))], texts.dialogue(rng)
    filled = texts.fill_prompts(shots, text)
    return {"shots": [{"dialogue": d, "summary": s} for d, s in shots], "dialogue": text,
            "prompts": filled, "ids": {name: tokenizer(t).input_ids for name, t in filled.items()}}
