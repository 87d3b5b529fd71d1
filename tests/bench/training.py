#!/usr/bin/env python3
"""Training steps of tact beside those of its peers, alternating, as one table.

    training.py --models FOLDER --bin FOLDER --seed-python VENV/bin/python
                --current-python VENV/bin/python [--work ppo] [--rounds 1]

FOLDER holds policy/ and reward/ (make_checkpoint.py). tests/bench/README.md says more.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

from runs import HERE, environment

TICKS = os.sysconf("SC_CLK_TCK")
WARM_UP = 1  # steps of fine-tuning that do not count, there as here
JOINED = 8  # dialogues in one long one, so that every prompt reaches the workload's length
TARGETS = {"ppo_trl": (4.0, 3.0), "sft_transformers": (3.0, None), "sft_pytorch": (1.0, None)}


def long_dialogues(path):
    rows = [json.loads(line) for line in open(HERE.parents[1] / "datasets/sft_train.jsonl")]
    with open(path, "w", encoding="utf-8") as out:
        for begin in range(0, len(rows) - JOINED + 1, JOINED):
            part = rows[begin:begin + JOINED]
            text = {key: "\n".join(row[key] for row in part) for key in ("dialogue", "summary")}
            out.write(json.dumps({"id": f"d{begin // JOINED}", **text}) + "\n")


class Cluster:
    """The four services in a folder of their own, on ports that the kernel chooses. They are gone
    before a peer starts: two such steps do not fit into this memory at once."""

    def __init__(self, args):
        self.temporary = tempfile.TemporaryDirectory()
        self.tactctl, self.folder = pathlib.Path(args.bin) / "tactctl", pathlib.Path(
            self.temporary.name)
        self.call("up", "--models", args.models, "--bin-dir", args.bin, "--ports", "0", "--detach")
        state = json.loads((self.folder / "cluster.json").read_text())
        self.pids = {member["name"]: member["pid"] for member in state["members"]
                     if member["name"] != "evaluation"}

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.call("down")
        self.temporary.cleanup()

    def call(self, *arguments):
        place = ["--data-dir", str(self.folder)] if arguments[0] in ("up", "down") else []
        result = subprocess.run([str(self.tactctl), *arguments, *place], text=True,
                                env={**environment(), "TACT_CLUSTER": str(self.folder)},
                                stdout=subprocess.PIPE)
        if result.returncode != 0:
            raise SystemExit(f"tactctl {' '.join(arguments)}: exit {result.returncode}\n"
                             f"{result.stdout}")
        return result.stdout

    def cpu_seconds(self):
        out = {}
        for name, pid in self.pids.items():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            out[name] = (int(fields[11]) + int(fields[12])) / TICKS
        return out

    def peak_mib(self, names):
        lines = [line for name in names
                 for line in pathlib.Path(f"/proc/{self.pids[name]}/status").read_text().split("\n")
                 if line.startswith("VmHWM")]
        return sum(int(line.split()[1]) for line in lines) / 1024

    def steps_of(self, job):
        """What each step's event says."""
        text, decoder, at, out = self.call("jobs", "watch", job, "-o", "json"), \
            json.JSONDecoder(), 0, []
        while text[at:].strip():
            at += len(text[at:]) - len(text[at:].lstrip())
            event, at = decoder.raw_decode(text, at)
            if event.get("is_step"):
                out.append(event["job"]["last_metrics"])
        return out

    def run(self, names, steps, *arguments, warm_up=0):
        """A job to its end. Seconds are those of its steps after the warm-up, without their
        checkpoints; CPU seconds hold loading, checkpoints and publication too."""
        before = self.cpu_seconds()
        mark = self.folder / "job-id"
        self.call("train", *arguments, "--id-file", str(mark))
        after = self.cpu_seconds()
        found = self.steps_of(mark.read_text().strip())
        cpu = {name: (after[name] - before[name]) / steps for name in names}
        return {"seconds": statistics.median(step["seconds"] - step["checkpoint_seconds"]
                                             for step in found[warm_up:]),
                "cpu_seconds": sum(cpu.values()), "by_process": cpu,
                "peak_mib": self.peak_mib(names), "steps": found}


def tact_ppo(cluster, data, work, name):
    return cluster.run(
        ("policy", "reward", "trainer"), work["steps"], "ppo", "--base-model", "policy",
        "--dataset", data, "--steps", str(work["steps"]), "--batch-size", str(work["batch_size"]),
        "--mini-batch-size", str(work["mini_batch_size"]),
        "--max-prompt-tokens", str(work["prompt_tokens"]), "--truncate",
        "--max-new-tokens", str(work["new_tokens"]), "--min-new-tokens", str(work["new_tokens"]),
        "--checkpoint-steps", "1000", "--name", name)


def tact_sft(cluster, data, work, name):
    steps = WARM_UP + work["steps"]
    return cluster.run(
        ("trainer",), steps, "full", "--base-model", "policy", "--dataset", data,
        "--max-steps", str(steps), "--batch-size", str(work["batch_size"]),
        "--max-prompt-tokens", str(work["prompt_tokens"]), "--truncate",
        "--max-response-tokens", str(work["response_tokens"]),
        "--learning-rate", str(work["learning_rate"]), "--checkpoint-steps", "1000",
        "--name", name, warm_up=WARM_UP)


def peer(python, script, args, data, *more):
    command = [python, str(HERE / "peers" / f"{script}.py"), "--policy", f"{args.models}/policy",
               "--dialogues", data, *more]
    result = subprocess.run(command, text=True, stdout=subprocess.PIPE, env=environment())
    if result.returncode != 0:
        print(f"{script} failed: exit {result.returncode}", file=sys.stderr)
        return None
    found = json.loads(result.stdout.splitlines()[-1])
    for key in ("seconds", "cpu_seconds"):
        found[key] = statistics.median(found[key])
    return found


def tact(args, job, data, work, name):
    with Cluster(args) as cluster:
        return job(cluster, data, work, name)


def one_round(args, data, number):
    works = json.loads((HERE / "workloads.json").read_text())
    out = {}
    if args.work in ("ppo", "all"):
        out["tact ppo"] = tact(args, tact_ppo, data, works["ppo_step"], f"ppo{number}")
        if args.seed_python:
            out["ppo_trl"] = peer(args.seed_python, "ppo_trl", args, data,
                                  "--reward", f"{args.models}/reward")
    if args.work in ("sft", "all"):
        out["tact sft"] = tact(args, tact_sft, data, works["sft_step"], f"sft{number}")
        if args.seed_python:
            out["sft_transformers"] = peer(args.seed_python, "sft_transformers", args, data,
                                           "--micro-batch", str(works["sft_step"]["padded_rows"]))
        if args.current_python:
            out["sft_pytorch"] = peer(args.current_python, "sft_pytorch", args, data)
    return out


def median(rounds, name, key):
    return statistics.median(found[name][key] for found in rounds if found[name])


def show(rounds):
    print("| | s a step | CPU-s a step | peak MiB | times the CPU-s | times the s | times the "
          "memory | asked |\n|---|---|---|---|---|---|---|---|")
    for name in rounds[0]:
        if not any(found[name] for found in rounds):
            print(f"| {name} | failed | | | | | | |")
            continue
        wall, cpu, peak = (median(rounds, name, key)
                           for key in ("seconds", "cpu_seconds", "peak_mib"))
        row = f"| {name} | {wall:.1f} | {cpu:.1f} | {peak:.0f} |"
        ours = "tact " + name[:3]
        if name not in TARGETS:
            print(row, "| | | |")
            continue
        speed, memory = TARGETS[name]
        print(row, f"{cpu / median(rounds, ours, 'cpu_seconds'):.2f} | "
                   f"{wall / median(rounds, ours, 'seconds'):.2f} | "
                   f"{peak / median(rounds, ours, 'peak_mib'):.2f} | {speed:g} times as fast"
                   f"{f', {memory:g} times the memory' if memory else ''} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", required=True)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--seed-python", help="of the seed's stack; left out: without its peers")
    parser.add_argument("--current-python", help="of current PyTorch; left out: without it")
    parser.add_argument("--work", choices=("ppo", "sft", "all"), default="all")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--json", help="also write every round's numbers to this file")
    args = parser.parse_args()
    rounds = []
    with tempfile.TemporaryDirectory() as folder:
        data = f"{folder}/long.jsonl"
        long_dialogues(data)
        for number in range(args.rounds):
            rounds.append(one_round(args, data, number))
            if args.json:
                pathlib.Path(args.json).write_text(json.dumps(rounds, indent=1))
    show(rounds)


if __name__ == "__main__":
    main()
