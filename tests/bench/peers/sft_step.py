"""One step of full fine-tuning in PyTorch and transformers: forward, backward, AdamW.

Batches hold prompts and responses of the workload's lengths; padded, both have 512 tokens as in
the notebook, without a mask. Prints JSON.
"""
import argparse

import torch
from transformers import AutoModelForSeq2SeqLM, T5Tokenizer

from common import prompts, report, time_steps, workload


def batches(args, work, tokenizer, padding):
    """input_ids and labels of each step, [batch, length]."""
    rows = prompts(args.dialogues, tokenizer, work["prompt_tokens"])
    size, length = work["batch_size"], work["response_tokens"]
    padded = work["padded_tokens"]

    def pad(ids):
        return ids + [0] * (padded - len(ids)) if padding else ids

    for step in range(work["steps"] + args.warm_up):
        chosen = [rows[(step * size + i) % len(rows)] for i in range(size)]
        yield (torch.tensor([pad(ids) for ids in chosen]),
               torch.tensor([pad(ids[:length - 1] + [1]) for ids in chosen]))


def main(padded):
    parser = argparse.ArgumentParser()
    for name in ("--policy", "--dialogues"):
        parser.add_argument(name, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, help="other than the workload's")
    parser.add_argument("--micro-batch", type=int,
                        help="rows of one forward and backward pass; a batch of padded ones takes "
                             "more than 24 GiB")
    parser.add_argument("--warm-up", type=int, default=1, help="steps before, not counted")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    work = workload("sft_step")
    work["steps"] = args.steps or work["steps"]
    tokenizer = T5Tokenizer.from_pretrained(args.policy)
    model = AutoModelForSeq2SeqLM.from_pretrained(args.policy).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=work["learning_rate"])
    data = list(batches(args, work, tokenizer, padded))

    def step(number):
        optimizer.zero_grad()
        rows = args.micro_batch or work["batch_size"]
        for inputs, labels in zip(*(part.split(rows) for part in data[number])):
            loss = model(input_ids=inputs, attention_mask=torch.ones_like(inputs),
                         labels=labels).loss
            (loss * len(inputs) / work["batch_size"]).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    report(torch=torch.__version__, padded=padded, micro_batch=args.micro_batch, **time_steps(step, work["steps"], args.warm_up))
