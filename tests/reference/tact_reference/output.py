"""Where the golden data goes: json with one case a line, tensors in safetensors."""
import json
import pathlib
import random

import numpy as np
import torch
from safetensors.torch import save_file


def compact(value):
    """Refuses NaN and infinity, which json has not."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


class Output:
    """A folder, the random numbers of each theme (from the seed and its name), counted cases."""

    def __init__(self, folder, seed):
        self.root = pathlib.Path(folder)
        self.seed = seed
        self.cases = {}
        self.theme = None
        self.rng = None

    def begin(self, theme):
        """Each theme has its own numbers, so a change of one leaves the others as they were."""
        self.theme = theme
        self.cases[theme] = 0
        self.rng = random.Random(f"{self.seed}/{theme}")
        torch.manual_seed(self.rng.randrange(2**31))
        np.random.seed(self.rng.randrange(2**31))

    def count(self, cases):
        self.cases[self.theme] += cases

    def path(self, name):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def json(self, name, value):
        """One line for each member, and for each item of a list: readable differences."""
        parts = [f"{json.dumps(key)}: {self._lines(item)}" for key, item in value.items()]
        self.path(name).write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")

    @staticmethod
    def _lines(item):
        if isinstance(item, list) and item and isinstance(item[0], (list, dict)):
            return "[\n" + ",\n".join(map(compact, item)) + "]"
        return compact(item)

    def tensors(self, name, tensors):
        """Copies, because safetensors refuses views that share memory."""
        whole = {key: value.detach().clone().contiguous() for key, value in tensors.items()}
        save_file(whole, str(self.path(name)), metadata={"format": "pt"})
