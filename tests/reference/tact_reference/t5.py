"""T5: encoder states, logits, losses, gradients, step-by-step decoding, on padded batches."""
import torch

from . import t5_models, texts
from .tokenizer_training import load as load_tokenizer

PROMPT_LENGTHS = [150, 131, 40, 7]
LABEL_LENGTHS = [140, 40, 12, 1]
STEPS, STEP_ROWS = 12, 2
IGNORED = -100


def make(out):
    _, tokenizer, _ = load_tokenizer(out.path("tokenizers/t5"))
    vocab_size = (len(tokenizer) + 31) // 16 * 16  # padded past the tokenizer, as T5's is
    for name, changes in t5_models.MODELS.items():
        model = t5_models.teach_eos(t5_models.build(vocab_size, **changes))
        t5_models.save(out, name, model)
        record(out, name, model, batch(out.rng, tokenizer))
    training_models(out)


def training_models(out):
    """The smaller models of the training themes, also in every other form of a checkpoint."""
    changes = t5_models.MODELS
    t5_models.save(out, "t5_training", t5_models.training_model(**changes["t5_gated_untied"]))
    t5_models.save(out, "t5_training_tied", t5_models.training_model(**changes["t5_relu_tied"]))
    t5_models.save_bin(out, "t5_training_bin", t5_models.load(out, "t5_training"))
    tied = t5_models.load(out, "t5_training_tied")
    t5_models.save_bin(out, "t5_training_tied_bin_shards", tied, t5_models.SHARD)
    t5_models.save_safetensors_shards(out, "t5_training_tied_safetensors_shards", tied)


def batch(rng, tokenizer):
    """Prompts and labels of the given lengths; both padded with the pad id."""
    ids = torch.zeros(4, max(PROMPT_LENGTHS), dtype=torch.long)
    labels = torch.zeros(4, max(LABEL_LENGTHS), dtype=torch.long)
    for row, (prompt, label) in enumerate(zip(PROMPT_LENGTHS, LABEL_LENGTHS)):
        ids[row, :prompt] = row_of(rng, tokenizer, prompt)
        labels[row, :label] = row_of(rng, tokenizer, label)
    return {"input_ids": ids, "attention_mask": (ids != 0).long(), "labels": labels}


def row_of(rng, tokenizer, length):
    """Ids of prompts one after the other, ended by EOS."""
    ids = []
    while len(ids) < length - 1:
        ids += [i for i in tokenizer(texts.prompts(rng)[0][1]).input_ids[:-1] if i]
    return torch.tensor(ids[:length - 1] + [tokenizer.eos_token_id])


def gradients(model, loss, prefix):
    model.zero_grad()
    loss.backward()
    return {prefix + name: weight.grad.clone() for name, weight in model.named_parameters()}


def record(out, name, model, inputs):
    ignored = inputs["labels"].masked_fill(inputs["labels"] == 0, IGNORED)
    found = model(**inputs)
    found_ignored = model(**dict(inputs, labels=ignored))
    rows = (ignored != IGNORED).nonzero()
    tensors = dict(inputs, labels_ignored=ignored, logits_at=rows,
                   logits=found.logits[rows[:, 0], rows[:, 1]],
                   encoder_last_hidden_state=found.encoder_last_hidden_state)
    tensors.update(gradients(model, found_ignored.loss, "grad_ignored."))
    if name == "t5_gated_untied":  # one of the two models, for room
        tensors.update(gradients(model, found.loss, "grad_pad."))
    tensors.update(steps(model, inputs))
    out.tensors(f"t5/{name}.safetensors", tensors)
    out.json(f"t5/{name}.json", {
        "model": name, "loss_pad": found.loss.item(), "loss_ignored": found_ignored.loss.item(),
        "prompt_lengths": PROMPT_LENGTHS, "label_lengths": LABEL_LENGTHS, "steps": STEPS,
        "step_rows": STEP_ROWS})
    out.count(5)


@torch.no_grad()
def steps(model, inputs):
    """Logits of one token at a time over past_key_values: the full forward's, to rounding."""
    ids = model.prepare_decoder_input_ids_from_labels(inputs["labels"])[:STEP_ROWS, :STEPS]
    states = model.encoder(input_ids=inputs["input_ids"][:STEP_ROWS],
                           attention_mask=inputs["attention_mask"][:STEP_ROWS])
    past, logits = None, []
    for step in range(STEPS):
        found = model(encoder_outputs=states, attention_mask=inputs["attention_mask"][:STEP_ROWS],
                      decoder_input_ids=ids[:, step:step + 1], past_key_values=past, use_cache=True)
        past = found.past_key_values
        logits.append(found.logits[:, 0])
    return {"step_ids": ids, "step_logits": torch.stack(logits)}
