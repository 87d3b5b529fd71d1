#!/usr/bin/env python3
"""The classifier in onnxruntime, f32 or with dynamic int8, on the files that convert.py made.

    classify_onnxruntime.py --cache FOLDER --dtype int8 [--threads 2]

Texts of unequal length are padded to the longest, with a mask, as a tokenizer does.
"""
import argparse
import pathlib

import numpy
import onnxruntime

from common import add_measuring_flags, classification_cases, measure

PAD = 1


def session(path, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def runner(model, case):
    longest = max(len(ids) for ids in case["ids"])
    ids = numpy.full((case["texts"], longest), PAD, dtype=numpy.int64)
    for row, text in zip(ids, case["ids"]):
        row[:len(text)] = text
    feed = {"input_ids": ids, "attention_mask": (ids != PAD).astype(numpy.int64)}

    def run():
        logits = model.run(None, feed)[0]
        assert logits.shape[0] == case["texts"]
    return run


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cache", required=True)
    parser.add_argument("--dtype", choices=("f32", "int8"), default="f32")
    add_measuring_flags(parser, "classify_16,classify_32,classify_mixed")
    args = parser.parse_args()
    model = session(pathlib.Path(args.cache) / f"classifier-{args.dtype}.onnx", args.threads)
    pairs = [(case, runner(model, case)) for case in classification_cases(args.work.split(","))]
    measure(f"onnxruntime {onnxruntime.__version__}", args.dtype, args.threads, pairs,
            args.repetitions, args.warm_up)


if __name__ == "__main__":
    main()
