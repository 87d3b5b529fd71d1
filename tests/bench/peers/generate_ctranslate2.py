#!/usr/bin/env python3
"""Greedy decoding with CTranslate2 on the folders that convert.py made.

    generate_ctranslate2.py --cache FOLDER --dtype int8 [--work greedy] [--threads 2]
"""
import argparse
import json
import pathlib

import ctranslate2

from common import LAST_ID, add_measuring_flags, case_prompts, generation_cases, measure

COMPUTE = {"f32": "float32", "int8": "int8_float32"}


def runner(translator, vocabulary, case):
    assert not case["do_sample"], "draws of CTranslate2 are not compared"
    prompts = [[vocabulary[id] for id in ids] for ids in case_prompts(case)]

    def run():
        made = translator.translate_batch(
            prompts, beam_size=1, num_hypotheses=1, max_batch_size=0,
            min_decoding_length=case["new_tokens"], max_decoding_length=case["new_tokens"])
        assert all(len(one.hypotheses[0]) == case["new_tokens"] for one in made)
    return run


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cache", required=True)
    parser.add_argument("--dtype", choices=sorted(COMPUTE), default="f32")
    add_measuring_flags(parser, "greedy")
    args = parser.parse_args()
    folder = pathlib.Path(args.cache) / f"ctranslate2-{args.dtype}"
    translator = ctranslate2.Translator(str(folder), device="cpu", inter_threads=1,
                                        intra_threads=args.threads,
                                        compute_type=COMPUTE[args.dtype])
    vocabulary = json.loads((folder / "shared_vocabulary.json").read_text())
    # Ids beyond the tokenizer may share a name; those of the prompts must not.
    assert all(vocabulary.count(token) == 1 for token in vocabulary[:LAST_ID + 1])
    pairs = [(case, runner(translator, vocabulary, case))
             for case in generation_cases(args.work.split(","))]
    measure(f"ctranslate2 {ctranslate2.__version__}", args.dtype, args.threads, pairs,
            args.repetitions, args.warm_up)


if __name__ == "__main__":
    main()
