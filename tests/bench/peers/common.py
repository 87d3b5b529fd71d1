"""What the peers share: the workload, prompts of the asked length, time and memory of a step."""
import json
import pathlib
import resource
import sys
import time

FOLDER = pathlib.Path(__file__).resolve().parents[1]


def workload(name):
    return json.loads((FOLDER / "workloads.json").read_text())[name]


def dialogues(path):
    return [json.loads(line) for line in open(path, encoding="utf-8")]


def prompts(path, tokenizer, tokens):
    """Ids of "Summarize the following conversation" prompts, cut to `tokens` with the end token."""
    texts = [f"Summarize the following conversation.\n\n{row['dialogue']}\n\nSummary:"
             for row in dialogues(path)]
    return [tokenizer(text, truncation=True, max_length=tokens).input_ids for text in texts]


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def time_steps(step, count, warm_up=0):
    """Wall and CPU seconds of each of `count` calls, after `warm_up` calls that do not count."""
    wall, cpu = [], []
    for i in range(warm_up + count):
        begin, begin_cpu = time.perf_counter(), cpu_seconds()
        step(i)
        if i >= warm_up:
            wall.append(time.perf_counter() - begin)
            cpu.append(cpu_seconds() - begin_cpu)
    return {"seconds": wall, "cpu_seconds": cpu}


def report(**values):
    values["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    json.dump(values, sys.stdout)
    print()
