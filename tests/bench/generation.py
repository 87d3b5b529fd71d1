#!/usr/bin/env python3
"""Generation and classification of tact beside its peers, alternating, as one table.

    generation.py --models FOLDER --bin FOLDER --cache FOLDER --python VENV/bin/python
                  [--part decode,classify] [--rounds 5] [--threads 2] [--json FILE]
    generation.py --show FILE

FOLDER of --models holds policy/ and reward/ (make_checkpoint.py); that of --cache what
peers/convert.py makes of them. tests/bench/README.md says more.
"""
import argparse
import json
import os
import pathlib
import platform
import sys
import tempfile

from generation_table import show
from runs import HERE, json_of
from service_start import measure_starts

PARTS = ("decode", "classify", "sampling", "mixed", "growth", "profile", "start")
GROWTH = "growth_batch,growth_prompt,growth_samples"


class Sides:
    """Each method gives the command that measures some works, or what it found."""

    def __init__(self, args):
        self.args = args
        self.common = ["--threads", str(args.threads), "--repetitions", "1"]

    def tact(self, works, dtype, *more):
        with tempfile.TemporaryDirectory() as folder:
            out = f"{folder}/found.json"
            command = [f"{self.args.bin}/tact-bench", "--workloads", str(HERE / "workloads.json"),
                       *self.common, "--dtype", dtype, "--work", works, "--json", out, *more]
            self.say(command)
            if os.spawnv(os.P_WAIT, command[0], command) != 0:
                raise SystemExit("tact-bench failed")
            return json.loads(pathlib.Path(out).read_text())

    def policy(self, works, dtype, *more):
        return self.tact(works, dtype, "--policy", f"{self.args.models}/policy", *more)

    def reward(self, works, dtype):
        return self.tact(works, dtype, "--reward", f"{self.args.models}/reward")

    def peer(self, script, works, *more, python=None):
        command = [python or self.args.python, str(HERE / "peers" / f"{script}.py"), "--work",
                   works, *self.common, *more]
        self.say(command)
        return json_of(command, OMP_NUM_THREADS=str(self.args.threads))

    def transformers(self, works, python):
        return self.peer("generate_transformers", works, "--policy", f"{self.args.models}/policy",
                         python=python)

    def converted(self, script, works, dtype):
        return self.peer(script, works, "--cache", self.args.cache, "--dtype", dtype)

    @staticmethod
    def say(command):
        print(" ".join(command), file=sys.stderr, flush=True)


def decode(sides):
    works = "greedy,first_token"
    yield lambda: sides.policy(works, "f32")
    for python in filter(None, (sides.args.python, sides.args.seed_python)):
        yield lambda python=python: sides.transformers(works, python)
    yield lambda: sides.converted("generate_ctranslate2", works, "f32")
    yield lambda: sides.policy(works, "int8")
    yield lambda: sides.converted("generate_ctranslate2", works, "int8")
    yield lambda: sides.policy(works, "bf16")


def classify(sides):
    works = "classify_16,classify_32,classify_mixed"
    for dtype in ("f32", "int8"):
        yield lambda dtype=dtype: sides.reward(works, dtype)
        yield lambda dtype=dtype: sides.converted("classify_onnxruntime", works, dtype)


# What is compared with tact itself: one process measures both, in turn.
OWN = {
    "sampling": lambda sides: [lambda: sides.policy("greedy_16,sampled_16", "f32")],
    "mixed": lambda sides: [lambda dtype=dtype: sides.policy("mixed,mixed_long", dtype)
                            for dtype in ("f32", "int8")],
    "growth": lambda sides: [lambda: sides.policy(GROWTH, "f32")],
    "profile": lambda sides: [lambda dtype=dtype: sides.policy("step", dtype, "--profile")
                              for dtype in ("f32", "bf16", "int8")],
}
ALL = {"decode": decode, "classify": classify, **OWN}


def rounds_of(sides, part, rounds):
    """Every side once a round, every other round in reverse order; three rounds where tact is
    compared with itself, which runs both in turn in one process."""
    found = []
    for number in range(min(rounds, 3) if part in OWN else rounds):
        runs = list(ALL[part](sides))
        for run in runs if number % 2 == 0 else reversed(runs):
            found += [{**one, "round": number} for one in run()]
    return found


def machine(args):
    names = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if "model name" in line]
    return {"cpu": names[0] if names else platform.machine(), "cores": os.cpu_count(),
            "threads": args.threads, "load_before": os.getloadavg()[0]}


def convert(args):
    if args.python and args.cache:
        json_of([args.python, str(HERE / "peers/convert.py"), "--policy", f"{args.models}/policy",
                 "--reward", f"{args.models}/reward", "--cache", args.cache])


def measure(args, parts):
    out = {"machine": machine(args), "rounds": args.rounds, "measurements": [], "starts": []}
    if {"decode", "classify"} & set(parts):
        convert(args)
    for part in parts:
        if part == "start":
            out["starts"] = measure_starts(args.bin, f"{args.models}/policy", args.rounds)
        else:
            out["measurements"] += rounds_of(Sides(args), part, args.rounds)
        out["machine"]["load_after"] = os.getloadavg()[0]
        if args.json:  # after each part, so that an interrupted run leaves what it has
            pathlib.Path(args.json).write_text(json.dumps(out, indent=1))
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", help="folder with policy/ and reward/")
    parser.add_argument("--bin", help="folder of tact's programs")
    parser.add_argument("--python", help="of the peers' environment (peers/make-venvs)")
    parser.add_argument("--seed-python", help="also transformers of the seed's stack")
    parser.add_argument("--cache", help="folder for the peers' converted models")
    parser.add_argument("--part", default=",".join(PARTS), help="by commas [all]")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", help="also write everything that was measured to this file")
    parser.add_argument("--show", help="measure nothing, print the table of such files, by commas")
    args = parser.parse_args()
    if args.show:
        return show([json.loads(pathlib.Path(name).read_text()) for name in args.show.split(",")])
    parts = args.part.split(",")
    unknown = set(parts) - set(PARTS)
    if unknown or not (args.models and args.bin):
        parser.error(f"unknown part {unknown}" if unknown else "give --models and --bin")
    if {"decode", "classify"} & set(parts) and not (args.python and args.cache):
        parser.error("peers take --python and --cache; without them choose other parts")
    show([measure(args, parts)])


if __name__ == "__main__":
    main()
