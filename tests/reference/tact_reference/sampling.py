"""What the warpers make of the logits while sampling; a replay of the ids must give the same.

Cases in which float64 keeps other tokens hang on rounding; they are drawn again.
"""
import torch

from . import t5_models
from .generation import make_batch

STEPS = 4
SETTINGS = [
    dict(top_k=0), dict(temperature=0.7, top_k=0), dict(temperature=1.9, top_k=0),
    dict(top_k=50), dict(top_k=5), dict(top_k=1), dict(top_k=0, top_p=0.9),
    dict(top_k=0, top_p=0.3), dict(top_k=0, typical_p=0.9), dict(top_k=0, typical_p=0.2),
    dict(temperature=1.5, top_k=20, top_p=0.8),
    dict(temperature=0.8, top_k=30, top_p=0.95, typical_p=0.7),
    dict(temperature=2.0, top_k=40, repetition_penalty=1.3, min_length=3, no_repeat_ngram_size=2)]


def make(out):
    tensors, cases = {}, []
    for name in t5_models.MODELS:
        model = t5_models.load(out, name)
        for number, settings in enumerate(SETTINGS):
            key = f"{name}.{number}"
            found = sample(model, settings)
            tensors.update({f"{key}.{part}": value for part, value in found.items()})
            cases.append({"key": key, "model": name, "settings": settings})
    out.tensors("sampling.safetensors", tensors)
    out.json("sampling.json", {"cases": cases})
    out.count(len(cases))


@torch.no_grad()
def sample(model, settings):
    """The stack's own sampling loop; raw logits come from one forward over the ids it chose."""
    for _ in range(20):
        batch = make_batch(model, [14, 6])
        found = model.generate(**batch, **settings, do_sample=True, max_new_tokens=STEPS,
                               return_dict_in_generate=True, output_scores=True)
        ids = found.sequences
        raw = model(**batch, decoder_input_ids=ids[:, :-1]).logits
        processed = torch.stack(found.scores, 1)
        if is_stable(model, settings, ids, raw, processed):
            return dict(batch, ids=ids, raw=raw, processed=processed)
    raise ValueError(f"no sample without near ties for {settings}")


def is_stable(model, settings, ids, raw, processed):
    config = type(model.generation_config)(**{**model.generation_config.to_dict(), **settings})
    before = model._get_logits_processor(config, 1, None, None, [])
    after = model._get_logits_warper(config)
    for step in range(processed.shape[1]):
        exact = after(ids[:, :step + 1], before(ids[:, :step + 1], raw[:, step].double()))
        if not torch.equal(exact.isinf(), processed[:, step].isinf()):
            return False
    return True
