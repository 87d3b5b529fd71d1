"""Three steps of trl's PPO in a row, full and LoRA; steps 1 and 3 with everything in between."""
import contextlib

import numpy as np
import torch
from trl import AutoModelForSeq2SeqLMWithValueHead, PPOConfig, create_reference_model

from . import t5_models
from .conditioning import apart, first_steady, nudge
from .lora import saved_name
from .optimisation import load_adapter
from .ppo_recording import RecordingTrainer
from .tokenizer_training import load as load_tokenizer

STEPS = 3
RECORDED = (0, 2)
ADAPTER = "training_q_v_r4"
TOLERANCE, WEIGHT_BOUND = 1e-4, 5e-6  # of the tests; see conditioning.py
DIFFERENCES = ("kl", "non_score_rewards", "objective/kl_dist")  # may be nothing but rounding
USUAL = dict(batch_size=8, mini_batch_size=4, learning_rate=1e-3, ppo_epochs=1)
SETTINGS = {  # what differs from trl's defaults and the above
    "full_epochs_1": {},
    "full_epochs_3": dict(ppo_epochs=3, learning_rate=3e-4),
    "full_notebook": dict(learning_rate=1.41e-5, batch_size=16),
    "full_fixed_kl": dict(learning_rate=3e-4, adap_kl_ctrl=False, init_kl_coef=0.05, gamma=0.98,
                          lam=0.9, vf_coef=0.5, cliprange=0.1, cliprange_value=0.05,
                          max_grad_norm=0.3, ppo_epochs=2),
    "full_fast_kl": dict(learning_rate=3e-4, target=0.5, horizon=40, ppo_epochs=2),
    "lora_epochs_1": dict(learning_rate=1e-3),
    "lora_epochs_3": dict(learning_rate=1e-3, ppo_epochs=3),
    "lora_notebook": dict(learning_rate=1.41e-5, batch_size=16)}
FIELDS = ["batch_size", "mini_batch_size", "learning_rate", "ppo_epochs", "adap_kl_ctrl",
          "init_kl_coef", "target", "horizon", "gamma", "lam", "cliprange", "cliprange_value",
          "vf_coef", "max_grad_norm", "gradient_accumulation_steps"]


def make(out):
    _, tokenizer, _ = load_tokenizer(out.path("tokenizers/t5"))
    for name, changes in SETTINGS.items():
        (config, _), (tensors, steps) = first_steady(
            lambda: draw(out, changes),
            lambda drawn, units: run(out, name, tokenizer, drawn, units), distances, TOLERANCE,
            WEIGHT_BOUND)
        out.tensors(f"ppo/{name}.safetensors", tensors)
        out.json(f"ppo/{name}.json", {
            "model": "t5_training", "adapter": ADAPTER if name.startswith("lora") else None,
            "config": {key: getattr(config, key) for key in FIELDS}, "steps": steps})
        out.count(STEPS)


def draw(out, changes):
    config = PPOConfig(seed=out.rng.randrange(10**6), **dict(USUAL, **changes))
    return config, [rollouts(out.rng, config.batch_size) for _ in range(STEPS)]


def distances(found, nudged):
    """Of tensors, statistics and the KL coefficient (which is to be 1e-6), and of weights alone."""
    moved = {key: apart(value, nudged[0][key]) for key, value in found[0].items()
             if value.dtype == torch.float32 and key.split(".")[-1] not in DIFFERENCES}
    numbers = []
    for one, other in zip(found[1], nudged[1]):
        numbers.append(abs(one["kl_coef_after"] - other["kl_coef_after"]) * 100)
        numbers += [abs(value - other["stats"][key]) / max(1.0, abs(value))
                    for key, value in one["stats"].items()]
    return (max(list(moved.values()) + numbers),
            max(value for key, value in moved.items() if ".after." in key))


def policy(out, with_adapter):
    """The notebook's way: a trainable PeftModel inside the value-head wrapper."""
    model = t5_models.load(out, "t5_training")
    if with_adapter:
        model = load_adapter(out, model)
    return AutoModelForSeq2SeqLMWithValueHead.from_pretrained(model, summary_dropout_prob=0.0)


def rollouts(rng, size):
    """Responses are as generate() gives them: the decoder's start (pad) first, EOS last or not."""
    queries = [ids(rng, rng.randint(3, 14)) for _ in range(size)]
    responses = []
    for row in range(size):
        length = 4 if row == 0 else rng.randint(4, 11)  # 4 is the shortest that trl takes
        body = ids(rng, length)
        if rng.random() < 0.7:
            body[0] = 0
        if rng.random() < 0.6:
            body[-1] = 1
        responses.append(body)
    scores = [torch.tensor(rng.gauss(0.5, 1.5)) for _ in range(size)]
    return queries, responses, scores


def ids(rng, length):
    return torch.tensor([rng.randrange(2, 96) for _ in range(length)])


def weights(trainer, prefix):
    return {prefix + saved_name(name): weight.detach().clone()
            for name, weight in trainer.model.named_parameters() if weight.requires_grad}


def split_stats(stats):
    """Numbers go to json, arrays to safetensors; times are left out."""
    numbers, arrays = {}, {}
    for key, value in stats.items():
        if "time/" in key:
            continue
        value = np.asarray(value)
        if value.ndim:
            arrays[key] = torch.from_numpy(value.copy())
        else:
            numbers[key] = value.item()
    return numbers, arrays


def run(out, name, tokenizer, drawn, units):
    """The tensors and the steps of one run."""
    config, batches = drawn
    torch.manual_seed(config.seed)
    model = policy(out, with_adapter=name.startswith("lora"))
    nudge(model, units)
    tensors = {f"initial.v_head.{key}": value.clone()
               for key, value in model.v_head.state_dict().items()}
    trainer = RecordingTrainer(config, model, create_reference_model(model), tokenizer)
    steps = []
    for number, (queries, responses, scores) in enumerate(batches):
        with contextlib.redirect_stdout(None):
            stats = trainer.step(list(queries), list(responses), list(scores))
        numbers, arrays = split_stats(stats)
        steps.append({"queries": [q.tolist() for q in queries],
                      "responses": [r.tolist() for r in responses],
                      "scores": [s.item() for s in scores], "kl_coef_before": trainer.kl_before,
                      "kl_coef_after": float(trainer.kl_ctl.value), "stats": numbers,
                      "minibatches": trainer.minibatches})
        if number in RECORDED:
            prefix = f"step_{number + 1}."
            tensors.update({prefix + key: value for key, value in trainer.tensors.items()})
            tensors.update({f"{prefix}stats.{key}": value for key, value in arrays.items()})
            tensors.update(weights(trainer, prefix + "after."))
    return {key: value.detach().clone() for key, value in tensors.items()}, steps
