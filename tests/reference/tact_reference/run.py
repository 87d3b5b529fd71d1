"""Runs the themes in order; those later on read models and tokenizers that earlier ones wrote."""
import platform
import time
import warnings
from importlib.metadata import version

import torch
import transformers

from . import (classifiers, generation, logits_processors, lora, model_sizes, optimisation, ppo,
               ppo_core, prompts, rouge, sampling, t5, tokenizers, toxicity)
from .output import Output

THEMES = {"tokenizers": tokenizers, "prompts": prompts, "t5": t5, "model_sizes": model_sizes,
          "generation": generation, "sampling": sampling, "logits_processors": logits_processors,
          "classifiers": classifiers, "lora": lora, "optimisation": optimisation, "ppo": ppo,
          "ppo_core": ppo_core, "rouge": rouge, "toxicity": toxicity}
PACKAGES = ["torch", "transformers", "tokenizers", "sentencepiece", "safetensors", "peft",
            "accelerate", "trl", "datasets", "pyarrow", "numpy", "rouge_score", "nltk"]


def make(seed, folder, only=None):
    torch.set_num_threads(1)  # the order of sums, and so their last bits, depends on the threads
    transformers.logging.set_verbosity(50)  # it calls text that it cannot cut an error
    warnings.filterwarnings("ignore")
    out = Output(folder, seed)
    for name, theme in THEMES.items():
        if only and name not in only:
            continue
        start = time.time()
        out.begin(name)
        theme.make(out)
        print(f"{name}: {out.cases[name]} cases, {time.time() - start:.1f} s", flush=True)
    out.json("meta.json", {"seed": seed, "python": platform.python_version(),
                           "versions": {name: version(name) for name in PACKAGES},
                           "cases": out.cases})
