#!/usr/bin/env python3
"""The notebook's step: the seed's stack, prompts and responses padded to 512 tokens, no mask.

    sft_transformers.py --policy FOLDER --dialogues FILE.jsonl [--threads 2]
"""
from sft_step import main

if __name__ == "__main__":
    main(padded=True)
