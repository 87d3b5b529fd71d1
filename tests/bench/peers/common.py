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


def time_steps(step, count):
    """Seconds of each of `count` calls, after one that warms up."""
    step(0)
    seconds = []
    for i in range(1, count + 1):
        begin = time.perf_counter()
        step(i)
        seconds.append(time.perf_counter() - begin)
    return seconds


def report(**values):
    usage = resource.getrusage(resource.RUSAGE_SELF)
    values.update(peak_mib=usage.ru_maxrss / 1024, cpu_seconds=usage.ru_utime + usage.ru_stime)
    json.dump(values, sys.stdout)
    print()
