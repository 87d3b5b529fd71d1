"""tact-policy as a process: seconds from its start to ready, and its peak memory."""
import os
import pathlib
import re
import subprocess
import time

from runs import HERE, environment

READY = re.compile(r"listening on port (\d+),")


def warm_page_cache(folder):
    for path in pathlib.Path(folder).iterdir():
        path.read_bytes()


def peak_mb(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0


def generate(bin_dir, port):
    """16 dialogues, so that the peak is that of a service in use."""
    subprocess.run([f"{bin_dir}/tactctl", "generate", "--policy", f"127.0.0.1:{port}", "--dataset",
                    str(HERE.parents[1] / "datasets/sft_train.jsonl"), "--limit", "16",
                    "--max-new-tokens", "40", "--min-new-tokens", "40"],
                   check=True, env=environment(), stdout=subprocess.DEVNULL)


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def one_start(bin_dir, model, dtype):
    begin = time.perf_counter()
    service = subprocess.Popen(
        [f"{bin_dir}/tact-policy", "--model", model, "--dtype", dtype, "--address", "127.0.0.1:0",
         "--http-address", "127.0.0.1:0"],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment())
    try:
        line = service.stdout.readline()
        seconds = time.perf_counter() - begin
        found = READY.search(line)
        if found is None:
            raise SystemExit(f"tact-policy did not become ready: {line or 'see its log'}")
        out = {"dtype": dtype, "ready_seconds": seconds, "cpu_seconds": cpu_seconds(service.pid),
               "peak_mb_ready": peak_mb(service.pid)}
        generate(bin_dir, found.group(1))
        return {**out, "peak_mb_used": peak_mb(service.pid)}
    finally:
        service.terminate()
        service.wait()


def measure_starts(bin_dir, model, rounds):
    warm_page_cache(model)
    return [one_start(bin_dir, model, dtype) for _ in range(rounds) for dtype in ("f32", "int8")]
