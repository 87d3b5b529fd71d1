#!/usr/bin/env python3
"""Greedy decoding and sampling with transformers' generate(), f32.

    generate_transformers.py --policy FOLDER [--work greedy] [--threads 2]
"""
import argparse

import torch
import transformers

from common import add_measuring_flags, case_prompts, generation_cases, measure


def runner(model, case):
    ids = torch.tensor(case_prompts(case))
    how = dict(do_sample=case["do_sample"], num_return_sequences=case["samples"], num_beams=1,
               min_new_tokens=case["new_tokens"], max_new_tokens=case["new_tokens"])
    if case["do_sample"]:
        how.update(top_k=0, top_p=1.0, temperature=1.0)

    def run():
        with torch.no_grad():
            made = model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), **how)
        assert made.shape == (case["batch"] * case["samples"], 1 + case["new_tokens"])
    return run


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--policy", required=True)
    add_measuring_flags(parser, "greedy")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_num_interop_threads(1)
    transformers.logging.set_verbosity_error()
    model = transformers.AutoModelForSeq2SeqLM.from_pretrained(args.policy).eval()
    assert model.dtype == torch.float32
    pairs = [(case, runner(model, case)) for case in generation_cases(args.work.split(","))]
    measure(f"transformers {transformers.__version__}", "f32", args.threads, pairs,
            args.repetitions, args.warm_up)


if __name__ == "__main__":
    main()
