#!/usr/bin/env python3
"""Current PyTorch on the batches that tact has: no padding.

    sft_pytorch.py --policy FOLDER --dialogues FILE.jsonl [--threads 2]
"""
from sft_step import main

if __name__ == "__main__":
    main(padded=False)
