#!/usr/bin/env python3
"""Makes the golden data of tact from a seed, on the pinned reference stack. See README.md.

    python tests/reference/make_reference.py --seed 0 --out tests/fixtures/reference
"""
import argparse
import os
import pathlib

os.environ["TRANSFORMERS_OFFLINE"] = os.environ["HF_DATASETS_OFFLINE"] = "1"
os.environ["CUDA_VISIBLE_DEVICES"] = ""  # rounding differs between devices
os.environ["TOKENIZERS_PARALLELISM"] = "false"

from tact_reference import run  # noqa: E402  (reads the environment when it is imported)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--only", nargs="*", help="themes to make, all by default")
    options = parser.parse_args()
    run.make(options.seed, options.out, options.only)


if __name__ == "__main__":
    main()
