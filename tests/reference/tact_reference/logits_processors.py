"""Every processor and warper class alone on given logits, and the order generate() puts them in."""
import torch
from transformers import GenerationConfig
from transformers.generation import logits_process as classes

from . import t5_models

ROWS, VOCAB, EOS = 3, 64, 1
LENGTHS = [1, 2, 5, 9, 12]
CASES = [
    ("MinLengthLogitsProcessor", [(1, EOS), (5, EOS), (6, EOS), (20, EOS)]),
    ("MinNewTokensLengthLogitsProcessor", [(1, 1, EOS), (1, 4, EOS), (1, 8, EOS), (3, 6, EOS)]),
    ("RepetitionPenaltyLogitsProcessor", [(1.0,), (1.3,), (0.5,), (10.0,)]),
    ("NoRepeatNGramLogitsProcessor", [(1,), (2,), (3,), (4,), (20,)]),
    ("NoBadWordsLogitsProcessor", [([[5]], EOS), ([[5], [6, 7], [3, 4, 5]], EOS), ([[4, 5]], EOS),
                                   ([[1], [9]], EOS), ([[3, 4], [4, 3], [5, 6, 3]], EOS)]),
    ("ForcedBOSTokenLogitsProcessor", [(7,)]),
    ("ForcedEOSTokenLogitsProcessor", [(2, EOS), (6, EOS), (10, EOS), (13, EOS), (9, 5)]),
    ("TemperatureLogitsWarper", [(0.1,), (0.7,), (1.0,), (3.0,)]),
    ("TopKLogitsWarper", [(1,), (2,), (10,), (64,), (500,)]),
    ("TopPLogitsWarper", [(0.0001,), (0.3,), (0.9,), (0.9999,), (1.0,)]),
    ("TypicalLogitsWarper", [(0.0001,), (0.2,), (0.9,), (0.9999,)])]
NAMES = {"MinLengthLogitsProcessor": ["min_length", "eos_token_id"],
         "MinNewTokensLengthLogitsProcessor": ["prompt_length_to_skip", "min_new_tokens",
                                               "eos_token_id"],
         "RepetitionPenaltyLogitsProcessor": ["penalty"],
         "NoRepeatNGramLogitsProcessor": ["ngram_size"],
         "NoBadWordsLogitsProcessor": ["bad_words_ids", "eos_token_id"],
         "ForcedBOSTokenLogitsProcessor": ["bos_token_id"],
         "ForcedEOSTokenLogitsProcessor": ["max_length", "eos_token_id"],
         "TemperatureLogitsWarper": ["temperature"], "TopKLogitsWarper": ["top_k"],
         "TopPLogitsWarper": ["top_p"], "TypicalLogitsWarper": ["mass"]}
ALL = dict(temperature=0.7, top_k=9, top_p=0.9, typical_p=0.8, repetition_penalty=1.2,
           no_repeat_ngram_size=2, bad_words_ids=[[5]], min_length=4, min_new_tokens=3,
           forced_bos_token_id=6, forced_eos_token_id=1, eos_token_id=1, max_length=20)


def make(out):
    tensors = {f"scores.{name}": scores for name, scores in inputs().items()}
    tensors.update({f"ids.{n}": torch.randint(3, 8, (ROWS, n)) for n in LENGTHS})
    cases = []
    for name, variants in CASES:
        for arguments in variants:
            for kind, length in places(name):
                key = f"out.{len(cases)}"
                processor = getattr(classes, name)(*arguments)
                scores = tensors[f"scores.{kind}"].clone()
                tensors[key] = processor(tensors[f"ids.{length}"], scores)
                cases.append({"class": name, "arguments": dict(zip(NAMES[name], arguments)),
                              "scores": f"scores.{kind}", "ids": f"ids.{length}", "out": key})
    out.tensors("logits_processors.safetensors", tensors)
    out.json("logits_processors.json", {"cases": cases, "order": order(out)})
    out.count(len(cases))


def inputs():
    """Rounded logits have ties; -inf is what an earlier processor leaves."""
    usual = torch.randn(ROWS, VOCAB) * 3
    blocked = usual.masked_fill(torch.rand(ROWS, VOCAB) < 0.5, -float("inf"))
    peaked = torch.randn(ROWS, VOCAB)
    peaked[:, 11] += 30
    return {"random": usual, "ties": torch.randn(ROWS, VOCAB).round(), "peaked": peaked,
            "equal": torch.zeros(ROWS, VOCAB), "blocked": blocked}


def places(name):
    """Warpers look at the scores, processors at the ids."""
    if name.endswith("Warper"):
        return [(kind, 5) for kind in ("random", "ties", "peaked", "equal", "blocked")]
    return [("random", length) for length in LENGTHS] + [("blocked", 9)]


def order(out):
    model = t5_models.load(out, "t5_relu_tied")
    config = GenerationConfig(**ALL)
    processors = model._get_logits_processor(config, 1, None, None, [])
    return {"settings": ALL, "processors": [type(each).__name__ for each in processors],
            "warpers": [type(each).__name__ for each in model._get_logits_warper(config)]}
