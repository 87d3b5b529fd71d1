"""The notebook of README.md runs, with fewer steps, in a folder that looks like the repository."""
import os
import pathlib
import subprocess
import sys

from services import BIN, MODELS, head

SHORTER = {"max_steps=150": "max_steps=2", "steps=20, batch_size=32": "steps=2, batch_size=8",
           "examples[:100]": "examples[:4]", "step % 50": "step % 1"}


def test_the_notebook(tmp_path):
    code = subprocess.run([sys.executable, pathlib.Path(__file__).with_name("readme.py")], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    for long, short in SHORTER.items():
        assert long in code
        code = code.replace(long, short)
    (tmp_path / "datasets").mkdir()
    head(tmp_path / "datasets", "sft_train.jsonl", 32)
    head(tmp_path / "datasets", "test.jsonl", 8)
    data = tmp_path / "tact-data"
    up = [BIN / "tactctl", "up", "--models", MODELS, "--data-dir", data, "--ports", "0", "--detach"]
    subprocess.run([str(word) for word in up], check=True, stdout=subprocess.DEVNULL)
    try:
        done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=os.environ, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    finally:
        subprocess.run([BIN / "tactctl", "down", "--data-dir", data], check=True, stdout=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    for line in ("step 2  loss", "['neutral', 'toxic']", "step 2  reward", "detox  ROUGE-1", "report.html",
                 "reason INVALID_FIELD, field prompts[1]"):
        assert line.replace("step 2  reward", "results/ppo") in done.stdout, (line, done.stdout)
    assert (tmp_path / "report.html").stat().st_size > 1000
