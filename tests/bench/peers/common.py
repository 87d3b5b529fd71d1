"""What the peers share: the workload, prompts of the asked length, time and memory of a step."""
import itertools
import json
import pathlib
import resource
import statistics
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


class Ids:
    """The generator of tests/bench/engine/prompts.h."""

    def __init__(self, seed):
        self.state = seed

    def next(self, least, most):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return least + (self.state >> 33) % (most - least + 1)


LAST_ID = 899


def t5_prompt(seed, tokens):
    ids = Ids(seed)
    return [ids.next(3, LAST_ID) for _ in range(tokens)][:-1] + [1]


def roberta_text(seed, tokens):
    ids = Ids(seed)
    return [0] + [ids.next(5, LAST_ID) for _ in range(tokens)][1:-1] + [2]


def prompt_seed(seed, index):
    return seed * 1000003 + index


def as_list(value):
    return value if isinstance(value, list) else [value]


def generation_cases(names):
    """One dict for each combination of the works' lists, as tests/bench/engine/workload.h."""
    for name in names:
        work = {"batch": 1, "prompt_tokens": 200, "samples": 1, "new_tokens": 40,
                "do_sample": False, "seed": 1, **workload("generate")[name]}
        lists = [as_list(work[key]) for key in ("batch", "prompt_tokens", "samples")]
        for batch, prompt, samples in itertools.product(*lists):
            yield {**work, "work": name, "name": f"{name} b{batch} p{prompt} k{samples}",
                   "batch": batch, "prompt_tokens": prompt, "samples": samples,
                   "tokens": batch * samples * work["new_tokens"]}


def case_prompts(case):
    return [t5_prompt(prompt_seed(case["seed"], i), case["prompt_tokens"])
            for i in range(case["batch"])]


def classification_cases(names):
    for name in names:
        work = {"seed": 1, **workload("classify")[name]}
        low, high = (as_list(work["tokens"]) * 2)[:2]
        lengths = f"{low}" if low == high else f"{low}-{high}"
        seeds = [prompt_seed(work["seed"], i) for i in range(work["texts"])]
        texts = [roberta_text(seed, Ids(seed).next(low, high)) for seed in seeds]
        yield {"work": name, "name": f"classify {work['texts']}x{lengths}", "ids": texts,
               "texts": len(texts), "tokens": sum(len(text) for text in texts)}


def reset_peak():
    pathlib.Path("/proc/self/clear_refs").write_text("5")


def peak_mib():
    """Of resident memory since reset_peak()."""
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0


def measure(engine, dtype, threads, pairs, repetitions, warm_up):
    """Prints what tact-bench writes: each (case, run) pair `repetitions` times, in turn.

    Warm-up runs the first case of each work only: what grows with a larger one is its buffers."""
    out = [{"engine": engine, "dtype": dtype, "threads": threads, "peak_mib": 0, "repetitions": [],
            **{key: value for key, value in case.items() if key != "ids"}} for case, _ in pairs]
    for _ in range(warm_up):
        for _, same_work in itertools.groupby(pairs, lambda pair: pair[0]["work"]):
            next(same_work)[1]()
    for _ in range(repetitions):
        for found, (_, run) in zip(out, pairs):
            reset_peak()
            begin, begin_cpu = time.perf_counter(), cpu_seconds()
            run()
            found["repetitions"].append({"seconds": time.perf_counter() - begin,
                                         "cpu_seconds": cpu_seconds() - begin_cpu})
            found["peak_mib"] = max(found["peak_mib"], peak_mib())
    for found in out:
        for key in ("seconds", "cpu_seconds"):
            found[key] = statistics.median(one[key] for one in found["repetitions"])
        found["tokens_per_second"] = found["tokens"] / found["seconds"]
    json.dump(out, sys.stdout)
    print()


def add_measuring_flags(parser, works):
    parser.add_argument("--work", default=works, help="keys of workloads.json, by commas")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repetitions", type=int, default=1)
    parser.add_argument("--warm-up", type=int, default=1, help="runs of each work's first case before")
