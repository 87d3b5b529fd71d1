"""Greedy and beam search with every length and repetition setting, on both T5 models.

A case whose ids differ when computed in float64 hangs on rounding; it takes other prompts.
"""
import copy

import torch

from . import t5_models

LENGTHS = [[24, 9, 15], [6, 31, 12], [1, 18, 40]]
POOL = 12
GREEDY = [
    dict(max_length=20), dict(max_new_tokens=24), dict(max_new_tokens=1), dict(max_length=2),
    dict(max_new_tokens=16, min_length=10), dict(max_new_tokens=16, min_new_tokens=12),
    dict(max_new_tokens=16, min_length=5, min_new_tokens=9),
    dict(max_new_tokens=20, repetition_penalty=1.3),
    dict(max_new_tokens=20, repetition_penalty=0.8),
    dict(max_new_tokens=24, no_repeat_ngram_size=1),
    dict(max_new_tokens=24, no_repeat_ngram_size=2),
    dict(max_new_tokens=24, no_repeat_ngram_size=3, min_length=20),
    dict(max_new_tokens=16, forced_bos_token_id=7), dict(max_new_tokens=10, forced_eos_token_id=1),
    dict(max_new_tokens=10, min_length=11, forced_bos_token_id=9, forced_eos_token_id=1),
    dict(max_new_tokens=24, repetition_penalty=2.5, no_repeat_ngram_size=2, min_new_tokens=8)]
BEAMS = [
    *(dict(num_beams=beams, max_new_tokens=16, length_penalty=penalty, early_stopping=stop)
      for beams, penalty, stop in (
          (2, 1.0, False), (2, 0.6, True), (4, 0.6, False), (4, 1.0, True), (4, 1.0, "never"),
          (4, 2.0, "never"), (5, 2.0, False), (5, 0.6, "never"), (5, 1.0, False), (4, 0.0, False),
          (4, -1.0, "never"))),
    dict(num_beams=4, num_return_sequences=4, max_new_tokens=12),
    dict(num_beams=5, num_return_sequences=3, max_new_tokens=16, early_stopping=True),
    dict(num_beams=4, max_new_tokens=16, min_length=12),
    dict(num_beams=2, max_new_tokens=16, min_new_tokens=9, num_return_sequences=2),
    dict(num_beams=4, max_new_tokens=16, repetition_penalty=1.4),
    dict(num_beams=4, max_new_tokens=20, no_repeat_ngram_size=2, early_stopping=True),
    dict(num_beams=4, max_new_tokens=12, forced_bos_token_id=8, forced_eos_token_id=1),
    dict(num_beams=5, max_new_tokens=20, no_repeat_ngram_size=3, repetition_penalty=1.2,
         min_length=6, length_penalty=1.5, num_return_sequences=5)]
BAD_WORDS = [dict(max_new_tokens=16), dict(max_new_tokens=16, num_beams=4),
             dict(max_new_tokens=16, num_beams=2, no_repeat_ngram_size=2)]


def make(out):
    cases, batches = [], {}
    for name in t5_models.MODELS:
        model = t5_models.load(out, name)
        exact = copy.deepcopy(model).double()
        pool = [make_batch(model, out.rng.choice(LENGTHS)) for _ in range(POOL)]
        batches[name] = [{"input_ids": batch["input_ids"].tolist(),
                          "attention_mask": batch["attention_mask"].tolist()} for batch in pool]
        bad = bad_words(model, pool)
        for number, settings in enumerate(GREEDY + BEAMS + [dict(s, **bad) for s in BAD_WORDS]):
            cases.append({"model": name, **case(model, exact, pool, number, settings)})
    out.json("generation.json", {"cases": cases, "batches": batches})
    out.count(len(cases))


def make_batch(model, lengths):
    ids = torch.zeros(len(lengths), max(lengths), dtype=torch.long)
    for row, length in enumerate(lengths):
        ids[row, :length - 1] = torch.randint(3, model.config.vocab_size, (length - 1,))
        ids[row, length - 1] = model.config.eos_token_id
    return {"input_ids": ids, "attention_mask": (ids != 0).long()}


def bad_words(model, pool):
    """Words that greedy search does use: one token, a pair, a triple, and one it never meets."""
    rows = [model.generate(**batch, max_new_tokens=12)[0, 1:].tolist() for batch in pool[:4]]
    words = [rows[0][1:2], rows[1][2:4], rows[2][1:4], [model.config.vocab_size - 1]]
    return dict(bad_words_ids=[word for word in words if word and word != [1]])


def case(model, exact, pool, number, settings):
    for attempt in range(POOL):
        index = (number + attempt) % POOL
        found, again = (generate(each, pool[index], settings) for each in (model, exact))
        if found["ids"] == again["ids"]:
            return {"batch": index, "settings": settings, **found}
    raise ValueError(f"no prompts without near ties for {settings}")


def generate(model, batch, settings):
    found = model.generate(**batch, **settings, return_dict_in_generate=True, output_scores=True)
    scores = getattr(found, "sequences_scores", None)
    return {"ids": found.sequences.tolist(),
            "sequences_scores": None if scores is None else scores.tolist()}
