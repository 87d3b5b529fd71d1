"""trl's PPO arithmetic on given numbers: rewards, GAE and loss, whitening, KL controllers."""
from types import SimpleNamespace

import torch
from trl import core
from trl.trainer.ppo_trainer import PPOTrainer
from trl.trainer.utils import AdaptiveKLController, FixedKLController

from .ppo_recording import watch_loss

CONFIGS = [dict(gamma=1.0, lam=0.95, cliprange=0.2, cliprange_value=0.2, vf_coef=0.1, kl_coef=0.2),
           dict(gamma=0.99, lam=0.9, cliprange=0.1, cliprange_value=0.05, vf_coef=0.5, kl_coef=0.1),
           dict(gamma=1.0, lam=1.0, cliprange=0.2, cliprange_value=10.0, vf_coef=1.0, kl_coef=0.0),
           dict(gamma=0.9, lam=0.0, cliprange=0.3, cliprange_value=0.2, vf_coef=0.1, kl_coef=1.0)]
SHAPES = [(4, 9), (1, 3), (8, 24), (2, 1)]  # rows and tokens
CONTROLLERS = [dict(init_kl_coef=0.2, target=6, horizon=10000), dict(init_kl_coef=0.1, target=0.5,
               horizon=100), dict(init_kl_coef=1.0, target=2.5, horizon=2000)]
UPDATES = 100


def make(out):
    tensors, losses, masked = {}, [], []
    for number in range(len(CONFIGS) * len(SHAPES)):
        config, shape = CONFIGS[number // len(SHAPES)], SHAPES[number % len(SHAPES)]
        found, numbers = loss_case(config, shape)
        tensors.update({f"loss_{number}.{key}": value for key, value in found.items()})
        losses.append({"key": f"loss_{number}", "config": config, **numbers})
    for number, shape in enumerate([(4, 9), (1, 2), (16, 30), (3, 5)]):
        found, numbers = masked_case(shape)
        tensors.update({f"masked_{number}.{key}": value for key, value in found.items()})
        masked.append({"key": f"masked_{number}", **numbers})
    tensors.update(distributions())
    controllers = [adaptive(out.rng, settings) for settings in CONTROLLERS] + [fixed(out.rng)]
    out.tensors("ppo_core.safetensors", tensors)
    out.json("ppo_core.json", {"losses": losses, "masked": masked, "controllers": controllers})
    out.count(len(losses) + len(masked) + len(controllers) + 3)


def make_mask(rows, length):
    """As trl's: the first token and the padding are 0, two tokens or more are 1 where they fit."""
    mask = torch.zeros(rows, length, dtype=torch.long)
    for row in range(rows):
        end = int(torch.randint(min(3, length), length + 1, ()))
        mask[row, min(1, length - 1):end] = 1
    return mask


def loss_case(config, shape):
    self = SimpleNamespace(config=SimpleNamespace(**config),
                           kl_ctl=SimpleNamespace(value=config["kl_coef"]))
    mask, vocab = make_mask(*shape), 11
    old, ref, values = -torch.rand(shape) * 3, -torch.rand(shape) * 3, torch.randn(shape)
    scores = torch.randn(shape[0])
    rewards, non_score = PPOTrainer.compute_rewards(self, scores, old, ref, mask)
    logits = torch.randn(*shape, vocab) * 2
    new = (old + torch.randn(shape) * 0.3).requires_grad_()
    vpreds = (values + torch.randn(shape) * 0.3).requires_grad_()
    with watch_loss() as seen:
        policy, value, stats = PPOTrainer.loss(self, old, values, rewards, logits, vpreds, new,
                                               mask)
    (policy + value).backward()
    tensors = dict(seen, mask=mask, old_logprobs=old, ref_logprobs=ref, values=values,
                   scores=scores, rewards=rewards, non_score_rewards=non_score, logits=logits,
                   logprobs=new, vpreds=vpreds, grad_logprobs=new.grad, grad_vpreds=vpreds.grad,
                   ratio=stats["policy/ratio"])
    numbers = {key: value.item() for key, value in stats.items() if value.dim() == 0}
    return tensors, {"policy_loss": policy.item(), "value_loss": value.item(), "stats": numbers}


def masked_case(shape):
    values = torch.randn(shape) * 3 + 2
    mask = (torch.rand(shape) < 0.7).long()
    mask[:, :2] = 1
    tensors = dict(values=values, mask=mask, whitened=core.masked_whiten(values, mask),
                   whitened_keep_mean=core.masked_whiten(values, mask, shift_mean=False),
                   mean_by_row=core.masked_mean(values, mask, axis=1),
                   whiten_all=core.whiten(values),
                   whiten_all_keep_mean=core.whiten(values, shift_mean=False))
    return tensors, {"mean": core.masked_mean(values, mask).item(),
                     "variance": core.masked_var(values, mask).item(),
                     "biased_variance": core.masked_var(values, mask, unbiased=False).item()}


def distributions():
    logits = torch.randn(3, 7, 50) * 4
    labels = torch.randint(0, 50, (3, 7))
    return {"distributions.logits": logits, "distributions.labels": labels,
            "distributions.logprobs": core.logprobs_from_logits(logits, labels),
            "distributions.entropy": core.entropy_from_logits(logits)}


def sequence(rng, controller, centre):
    rows = []
    for _ in range(UPDATES):
        current, steps = rng.uniform(-0.2, 2.2) * centre, rng.choice([8, 16, 64, 256])
        controller.update(current, steps)
        rows.append([current, steps, float(controller.value)])
    return rows


def adaptive(rng, settings):
    controller = AdaptiveKLController(**settings)
    updates = sequence(rng, controller, settings["target"])
    return {"kind": "adaptive", **settings, "updates": updates}


def fixed(rng):
    controller = FixedKLController(0.3)
    return {"kind": "fixed", "init_kl_coef": 0.3, "updates": sequence(rng, controller, 1.0)}
