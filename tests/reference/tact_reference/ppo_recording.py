"""Watches trl's PPOTrainer at work; it only calls through and keeps what passes."""
import contextlib

import torch
from trl import PPOTrainer
from trl.trainer import ppo_trainer


@contextlib.contextmanager
def watch_loss():
    """Collects what loss() keeps to itself: advantages on both sides of whitening, and returns."""
    seen = {}
    whiten, variance = ppo_trainer.masked_whiten, ppo_trainer.masked_var

    def watched_whiten(values, mask, shift_mean=True):
        seen["advantages_raw"] = values
        seen["advantages"] = whiten(values, mask, shift_mean)
        return seen["advantages"]

    def watched_variance(values, mask, unbiased=True):
        seen.setdefault("returns", values)  # loss() asks for the returns' first, then the values'
        return variance(values, mask, unbiased)

    ppo_trainer.masked_whiten, ppo_trainer.masked_var = watched_whiten, watched_variance
    try:
        yield seen
    finally:
        ppo_trainer.masked_whiten, ppo_trainer.masked_var = whiten, variance


class RecordingTrainer(PPOTrainer):
    """PPOTrainer that keeps, for one step, every tensor between its inputs and its statistics."""

    def step(self, queries, responses, scores):
        self.tensors, self.minibatches, self.forwards = {}, [], []
        self.samples = [sample_key(*pair) for pair in zip(queries, responses)]
        self.kl_before = self.kl_ctl.value
        return super().step(queries, responses, scores)

    def prepare_model_inputs(self, queries, responses):
        inputs = super().prepare_model_inputs(queries, responses)
        self.tensors.update(inputs)
        return inputs

    def batched_forward_pass(self, model, queries, responses, model_inputs, return_logits=False):
        found = super().batched_forward_pass(model, queries, responses, model_inputs, return_logits)
        self.forwards.append(found)
        self.indices = [self.samples.index(sample_key(*pair)) for pair in zip(queries, responses)]
        return found

    def compute_rewards(self, scores, logprobs, ref_logprobs, masks):
        rewards, non_score = super().compute_rewards(scores, logprobs, ref_logprobs, masks)
        self.tensors.update(old_logprobs=logprobs, ref_logprobs=ref_logprobs, masks=masks,
                            values=self.forwards[0][2], scores=torch.stack(scores),
                            kl=logprobs - ref_logprobs, non_score_rewards=non_score,
                            rewards=rewards)
        return rewards, non_score

    def train_minibatch(self, old_logprobs, values, rewards, logprobs, logits, vpreds, mask):
        with watch_loss() as seen:
            stats = super().train_minibatch(old_logprobs, values, rewards, logprobs, logits, vpreds,
                                            mask)
        number = len(self.minibatches)
        kept = dict(seen, logprobs=logprobs, vpreds=vpreds, ratio=stats["policy/ratio"])
        self.tensors.update({f"mini_{number}.{key}": value for key, value in kept.items()})
        numbers = {key: value.item() for key, value in stats.items()
                   if value.numel() == 1 and not key.startswith("time/")}
        self.minibatches.append({"indices": self.indices, "stats": numbers})
        return stats


def sample_key(query, response):
    return tuple(query.tolist()), tuple(response.tolist())
