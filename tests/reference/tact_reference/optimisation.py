"""Six steps of transformers' own Trainer in several settings, with all that a replay needs."""
import contextlib
import tempfile

import torch
from torch.utils.data import SequentialSampler
from transformers import Trainer, TrainingArguments, default_data_collator

from . import lora, t5_models
from .conditioning import apart, first_steady, nudge

STEPS, ROWS, PROMPT, LABEL = 6, 4, 18, 8
TOLERANCE, WEIGHT_BOUND = 1e-5, 2.5e-6  # of the tests; see conditioning.py
USUAL = dict(learning_rate=3e-4, optim="adamw_torch", weight_decay=0.01, warmup_steps=2,
             lr_scheduler_type="linear", max_grad_norm=1.0, gradient_accumulation_steps=1)
SETTINGS = {  # what differs; "notebook" has neither attention mask nor ignored labels
    "torch_linear": {},
    "hf_linear": dict(optim="adamw_hf"),
    "torch_strong_decay": dict(weight_decay=0.3, learning_rate=1e-3),
    "constant_no_clipping": dict(lr_scheduler_type="constant", warmup_steps=0, max_grad_norm=0.0,
                                 weight_decay=0.0),
    "constant_with_warmup": dict(lr_scheduler_type="constant_with_warmup", warmup_steps=3),
    "accumulation": dict(gradient_accumulation_steps=2, optim="adamw_hf"),
    "notebook": dict(optim="adamw_hf", learning_rate=1e-5, warmup_steps=0),
    "tied": dict(max_grad_norm=0.1),
    "lora": dict(learning_rate=1e-3, weight_decay=0.0, warmup_steps=0, optim="adamw_hf"),
    "lora_accumulation": dict(learning_rate=1e-3, gradient_accumulation_steps=2)}


class RecordingTrainer(Trainer):
    """The Trainer with a fixed order of the data; what it computes on the way is kept."""

    def begin(self):
        self.losses, self.rates, self.norms = [], [], []
        return self

    def _get_train_sampler(self):
        return SequentialSampler(self.train_dataset)

    def compute_loss(self, model, inputs, return_outputs=False):
        loss = super().compute_loss(model, inputs)
        self.losses.append(loss.item())
        return loss

    def training_step(self, model, inputs):
        """After the last micro-batch of a step the gradients are whole and not yet clipped."""
        result = super().training_step(model, inputs)
        if len(self.losses) % self.args.gradient_accumulation_steps == 0:
            grads = [w.grad for w in model.parameters() if w.grad is not None]
            self.norms.append(torch.stack([grad.norm() for grad in grads]).norm().item())
            self.rates.append(self.lr_scheduler.get_last_lr()[0])
        return result


def make(out):
    base = t5_models.load(out, "t5_training")
    adapter = lora.adapt(base, "t5_training", target_modules=["q", "v"])
    lora.save(out, "training_q_v_r4", adapter)
    for name, changes in SETTINGS.items():
        settings = dict(USUAL, **changes)
        rows, (trainer, start) = first_steady(
            lambda: draw_rows(out, name, settings),
            lambda rows, units: run(out, name, settings, rows, units), distances, TOLERANCE,
            WEIGHT_BOUND)
        about = {"model": start[0], "adapter": start[1], "settings": settings}
        record(out, name, about, trainer, rows)
        out.count(1)


def draw_rows(out, name, settings):
    torch.manual_seed(out.rng.randrange(2**31))  # the Trainer before has set its own
    return make_rows(name, STEPS * ROWS * settings["gradient_accumulation_steps"])


def run(out, name, settings, rows, units):
    model, start = starting_point(out, name)
    nudge(model, units)
    return train(model, rows, settings), start


def distances(found, nudged):
    """Of losses, norms and weights, and of weights alone."""
    (one, _), (other, _) = found, nudged
    weights = max(apart(*pair) for pair in zip(trained(one.model), trained(other.model)))
    numbers = zip(one.losses + one.norms, other.losses + other.norms)
    return max([weights] + [abs(a - b) / abs(a) for a, b in numbers]), weights


def trained(model):
    return [weight.detach() for weight in model.parameters() if weight.requires_grad]


def starting_point(out, name):
    """Every setting starts from saved weights: the model's, and the adapter's for LoRA."""
    if name == "tied":
        return t5_models.load(out, "t5_training_tied"), ("t5_training_tied", None)
    model = t5_models.load(out, "t5_training")
    if not name.startswith("lora"):
        return model, ("t5_training", None)
    return load_adapter(out, model), ("t5_training", "training_q_v_r4")


def load_adapter(out, model):
    folder = str(out.path("adapters/training_q_v_r4/x").parent)
    return lora.PeftModel.from_pretrained(model, folder, is_trainable=True)


def make_rows(name, count):
    rows = []
    for _ in range(count):
        ids, labels = torch.randint(3, 96, (PROMPT,)), torch.randint(3, 96, (LABEL,))
        ids[torch.randint(4, PROMPT + 1, ()):] = 0
        length = torch.randint(2, LABEL + 1, ())
        labels[length - 1] = 1
        labels[length:] = 0 if name == "notebook" else -100
        mask = {} if name == "notebook" else {"attention_mask": (ids != 0).long()}
        rows.append({"input_ids": ids, "labels": labels, **mask})
    return rows


def train(model, rows, settings):
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            folder, max_steps=STEPS, per_device_train_batch_size=ROWS, no_cuda=True, seed=1,
            report_to=[], save_strategy="no", logging_strategy="no", disable_tqdm=True, **settings)
        trainer = RecordingTrainer(model, arguments, train_dataset=rows,
                                   data_collator=default_data_collator).begin()
        with contextlib.redirect_stdout(None):  # it prints its speed
            trainer.train()
    return trainer


def decay_groups(trainer):
    names = {id(weight): name for name, weight in trainer.model.named_parameters()}
    return [{"weight_decay": group["weight_decay"], "betas": list(group["betas"]),
             "eps": group["eps"], "names": sorted(names[id(w)] for w in group["params"])}
            for group in trainer.optimizer.param_groups]


def record(out, name, about, trainer, rows):
    shape = (STEPS, about["settings"]["gradient_accumulation_steps"], ROWS, -1)
    tensors = {key: torch.stack([row[key] for row in rows]).view(shape) for key in rows[0]}
    tensors.update({"after." + lora.saved_name(key): weight
                    for key, weight in trainer.model.named_parameters() if weight.requires_grad})
    out.tensors(f"optimisation/{name}.safetensors", tensors)
    out.json(f"optimisation/{name}.json", {
        **about, "steps": STEPS, "groups": decay_groups(trainer), "micro_losses": trainer.losses,
        "learning_rates": trainer.rates, "gradient_norms": trainer.norms})
