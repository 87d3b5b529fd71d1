"""RoBERTa and BERT sequence classification: logits and losses on padded batches."""
import torch
from transformers import (BertConfig, BertForSequenceClassification, RobertaConfig,
                          RobertaForSequenceClassification)

from . import texts
from .t5_models import perturb
from .tokenizer_training import load as load_tokenizer

LENGTHS = [128, 1, 2, 17, 64]
SIZES = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40,
             hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, initializer_range=0.3)
LABELS = {"roberta_2": ["neutral", "toxic"], "roberta_4": ["calm", "rude", "unsure", "odd"],
          "bert_3": ["calm", "rude", "unsure"]}
FIXED_TEXTS = ["", "a", " Thanks a lot", "What a silly, lazy plan!", "Größe 7 😀", "a\n\nb <mask> c"]


def make(out):
    _, tokenizer, _ = load_tokenizer(out.path("tokenizers/roberta"))
    for name, labels in LABELS.items():
        make_model = bert if name.startswith("bert") else roberta
        model = save(out, name, make_model(len(tokenizer), labels))
        recorder = Recorder(model, pad=model.config.pad_token_id, labels=len(labels))
        if name.startswith("bert"):
            bert_cases(recorder)
        else:
            roberta_cases(recorder, tokenizer, out.rng)
        out.tensors(f"classifiers/{name}.safetensors", recorder.tensors)
        out.json(f"classifiers/{name}.json", {"model": name, "cases": recorder.cases})
        out.count(len(recorder.cases))


def names_of(labels):
    return dict(id2label=dict(enumerate(labels)), label2id={l: i for i, l in enumerate(labels)})


def roberta(vocab_size, labels):
    """Positions start after the pad id, so 130 of them hold 128 tokens."""
    config = RobertaConfig(vocab_size=vocab_size, max_position_embeddings=130, type_vocab_size=1,
                           layer_norm_eps=1e-5, **SIZES, **names_of(labels))
    return perturb(RobertaForSequenceClassification(config).eval())


def bert(_, labels):
    config = BertConfig(vocab_size=100, max_position_embeddings=128, type_vocab_size=2, **SIZES,
                        **names_of(labels))
    return perturb(BertForSequenceClassification(config).eval())


def save(out, name, model):
    """safetensors as transformers writes them; BERT as pytorch_model.bin."""
    folder = out.path(f"models/{name}/config.json").parent
    model.save_pretrained(folder, safe_serialization=not name.startswith("bert"))
    return model


class Recorder:
    """Runs the model on named inputs and keeps them with the logits and the loss."""

    def __init__(self, model, pad, labels):
        self.model, self.pad, self.labels = model, pad, labels
        self.tensors, self.cases = {}, []

    def random_ids(self, lengths, first=5):
        ids = torch.full((len(lengths), max(lengths)), self.pad)
        for row, length in enumerate(lengths):
            ids[row, :length] = torch.randint(first, self.model.config.vocab_size, (length,))
        return ids

    @torch.no_grad()
    def add(self, name, inputs, about=None):
        target = torch.randint(0, self.labels, (len(inputs["input_ids"]),))
        found = self.model(**inputs, labels=target)
        for key, value in dict(inputs, labels=target, logits=found.logits).items():
            self.tensors[f"{name}.{key}"] = value
        self.cases.append({"name": name, "inputs": sorted(inputs), "loss": found.loss.item(),
                           **(about or {})})


def roberta_cases(recorder, tokenizer, rng):
    ids = recorder.random_ids(LENGTHS)
    mask = (ids != recorder.pad).long()
    recorder.add("padded", dict(input_ids=ids, attention_mask=mask))
    # Without a mask the pads are attended to, but still have the pad's position.
    recorder.add("no_mask", dict(input_ids=ids))
    inner = recorder.random_ids([20, 20])
    inner[:, 5], inner[1, 8:11] = recorder.pad, recorder.pad
    recorder.add("pad_inside", dict(input_ids=inner, attention_mask=torch.ones_like(inner)))
    sample = FIXED_TEXTS + [texts.sentence(rng) for _ in range(10)] + [texts.dialogue(rng)[0]]
    for first in range(0, len(sample), 6):
        batch = sample[first:first + 6]
        found = tokenizer(batch, padding=True, truncation=True, max_length=128, return_tensors="pt")
        recorder.add(f"texts_{first}", dict(found), {"texts": batch, "max_length": 128})


def bert_cases(recorder):
    ids = recorder.random_ids(LENGTHS)
    mask = (ids != recorder.pad).long()
    types = torch.randint(0, 2, ids.shape)
    recorder.add("padded", dict(input_ids=ids, attention_mask=mask))
    recorder.add("types", dict(input_ids=ids, attention_mask=mask, token_type_ids=types))
    recorder.add("no_mask", dict(input_ids=ids))
    recorder.add("full", dict(input_ids=recorder.random_ids([33, 33]),
                              token_type_ids=torch.ones(2, 33, dtype=torch.long)))
