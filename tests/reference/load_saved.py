"""Loads what tact saved with transformers and peft, and writes the logits that they compute.

    load_saved.py FOLDER

FOLDER/jobs.json is a list of {"name", "kind" ("t5" or "classifier"), "model", "adapter" (or null)};
`model` and `adapter` are folders that tact saved, FOLDER/NAME.inputs.safetensors the arguments of
the model's call. FOLDER/NAME.logits.safetensors is written. Exits with 77 where a package is
missing. tests/golden/interop_test.cc runs this.
"""
import json
import os
import sys
from pathlib import Path

os.environ["TRANSFORMERS_OFFLINE"] = "1"
MISSING_PACKAGE = 77

try:
    import torch
    from peft import PeftModel
    from safetensors.torch import load_file, save_file
    from transformers import AutoModelForSeq2SeqLM, AutoModelForSequenceClassification
except ImportError as error:
    print(f"load_saved.py: {error}", file=sys.stderr)
    sys.exit(MISSING_PACKAGE)

CLASSES = {"t5": AutoModelForSeq2SeqLM, "classifier": AutoModelForSequenceClassification}


def load(kind, folder):
    """The model, unless a weight is missing, unknown or of another shape."""
    model, info = CLASSES[kind].from_pretrained(folder, output_loading_info=True)
    found = {key: value for key, value in info.items() if value}
    if found:
        raise SystemExit(f"load_saved.py: {folder}: {found}")
    return model.eval()


def load_adapter(model, folder):
    """peft says nothing about weights that it does not find: compare by hand."""
    model = PeftModel.from_pretrained(model, folder).eval()
    state = model.state_dict()
    for name, saved in load_file(Path(folder, "adapter_model.safetensors")).items():
        places = [name, name.replace(".lora_A.", ".lora_A.default."),
                  name.replace(".lora_B.", ".lora_B.default.")]
        head, _, last = name.rpartition(".")
        parts = head.split(".")
        places += [".".join([*parts[:i], "modules_to_save.default", *parts[i:], last])
                   for i in range(len(parts) + 1)]
        if not any(p in state and torch.equal(state[p], saved) for p in places):
            raise SystemExit(f"load_saved.py: {folder}: peft has not taken {name}")
    return model


@torch.no_grad()
def run(folder, job):
    model = load(job["kind"], job["model"])
    if job["adapter"]:
        model = load_adapter(model, job["adapter"])
    inputs = load_file(folder / f"{job['name']}.inputs.safetensors")
    logits = model(**inputs).logits.contiguous()
    save_file({"logits": logits}, folder / f"{job['name']}.logits.safetensors")


def main():
    folder = Path(sys.argv[1])
    for job in json.loads((folder / "jobs.json").read_text()):
        run(folder, job)


if __name__ == "__main__":
    main()
