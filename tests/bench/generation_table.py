"""The markdown tables of generation.py, from the JSON that it writes."""
import statistics

# work, tact's dtype, the peer (a prefix), its dtype, asked
AGAINST = [("greedy b{b} p200 k1", "f32", "transformers 5", "f32", 5.0),
           ("greedy b{b} p200 k1", "f32", "transformers 4", "f32", 5.0),
           ("greedy b{b} p200 k1", "f32", "ctranslate2", "f32", 1.2),
           ("greedy b{b} p200 k1", "int8", "ctranslate2", "int8", 1.2)]
CLASSIFY = [("classify 16x128", 1.1), ("classify 32x128", 1.1), ("classify 32x16-256", 2.0)]
BATCHES = (1, 8, 32)
WAYS = ("continuous", "batch at once", "padded batch")
PARTS = ("embedding", "norms", "qkv", "self-attention", "cross query", "cross-attention",
         "out projections", "feed-forward", "head", "sampling", "rest")


class Found:
    """Medians over rounds."""

    def __init__(self, files):
        self.all = [one for file in files for one in file["measurements"]]
        self.starts = [one for file in files for one in file["starts"]]
        # One thread is what is measured where other programs run: then processor time decides.
        single = all(one["threads"] == 1 for one in self.all)
        self.clock = "cpu_seconds" if single else "seconds"

    def values(self, engine, name, dtype, key):
        return [one[key] for one in self.all
                if one["engine"].startswith(engine) and one["name"] == name
                and one["dtype"] == dtype and key in one]

    def median(self, engine, name, dtype, key):
        """None where it was not measured."""
        values = self.values(engine, name, dtype, key)
        return statistics.median(values) if values else None

    def has(self, engine, name, dtype):
        return bool(self.values(engine, name, dtype, "name"))


def ratio(found, name, ours, peer, theirs, key, without=None):
    """How many times tact's time the peer takes; `without` a work whose time is subtracted."""
    def time(engine, dtype):
        whole = found.median(engine, name, dtype, key)
        return whole - found.median(engine, without, dtype, key) if without else whole
    return time(peer, theirs) / time("tact", ours)


def verdict(value, asked):
    return "yes" if value >= asked else f"no, {value / asked:.0%}"


def against_peers(found):
    print("| work | tact | peer | tact tokens/s | peer's | ratio | of CPU-s | decode alone | of "
          "CPU-s | asked | reached |\n" + "|---" * 11 + "|")
    for pattern, ours, peer, theirs, asked in AGAINST:
        for batch in BATCHES:
            name, first = pattern.format(b=batch), f"first_token b{batch} p200 k1"
            if not (found.has("tact", name, ours) and found.has(peer, name, theirs)):
                continue
            alone = [ratio(found, name, ours, peer, theirs, key, first)
                     for key in ("seconds", "cpu_seconds")]
            line(found, name, ours, peer, theirs, asked, f"{alone[0]:.2f} | {alone[1]:.2f}")
    for name, asked in CLASSIFY:
        for dtype in ("f32", "int8"):
            if found.has("tact", name, dtype) and found.has("onnxruntime", name, dtype):
                line(found, name, dtype, "onnxruntime", dtype, asked, "|")


def line(found, name, ours, peer, theirs, asked, alone):
    speeds = [found.median(engine, name, dtype, "tokens_per_second")
              for engine, dtype in (("tact", ours), (peer, theirs))]
    wall = ratio(found, name, ours, peer, theirs, "seconds")
    cpu = ratio(found, name, ours, peer, theirs, "cpu_seconds")
    print(f"| {name} | {ours} | {peer} {theirs} | {speeds[0]:.1f} | {speeds[1]:.1f} | {wall:.2f} | "
          f"{cpu:.2f} | {alone} | {asked:g} | "
          f"{verdict(cpu if found.clock == 'cpu_seconds' else wall, asked)} |")


def tact_times(found, name, other, key, dtype="f32"):
    ours, theirs = (found.median("tact", one, dtype, key) for one in (name, other))
    return ours / theirs


def own_lines(found):
    """(work, what was found, asked, reached) of the lines without a peer."""
    if found.has("tact", "profile step b1 p200 k1", "f32"):
        for dtype in ("f32", "bf16", "int8"):
            share = found.median("tact", "profile step b1 p200 k1", dtype, "roofline_share")
            if share is not None:
                yield (f"decode batch 1, {dtype}: share of the roofline", f"{share:.0%}",
                       "70 %" if dtype == "f32" else "", verdict(share, 0.7))
    if found.has("tact", "sampled_16 b16 p200 k1", "f32"):
        value = tact_times(found, "greedy_16 b16 p200 k1", "sampled_16 b16 p200 k1",
                           found.clock)
        yield ("sampling batch 16 against greedy", f"{value:.2f} times", "0.95 times",
               verdict(value, 0.95))
    yield from mixed_lines(found)
    if found.has("tact", "growth_samples b1 p200 k8", "f32"):
        cost = tact_times(found, "growth_samples b1 p200 k8", "growth_samples b1 p200 k1",
                          found.clock)
        yield ("K = 8 samples against one", f"{cost:.2f} times the time", "below 3 times",
               "yes" if cost < 3 else "no")
    if found.starts:
        yield from start_lines(found)


def mixed_works(found):
    for dtype in ("f32", "int8"):
        for work, what in (("mixed", f"mixed arrivals, {dtype}"),
                           ("mixed_long", f"the same, long responses, {dtype}")):
            if found.has("tact", f"{work} continuous", dtype):
                yield work, what, dtype


def mixed_lines(found):
    for work, what, dtype in mixed_works(found):
        for way in WAYS[1:]:
            gain = tact_times(found, f"{work} continuous", f"{work} {way}", "tokens_per_second",
                              dtype)
            yield (f"{what}: throughput against {way}", f"{gain:.2f} times", "1.8 times",
                   verdict(gain, 1.8))
        for way in WAYS[1:]:
            ours, theirs = (found.median("tact", f"{work} {one}", dtype, "latency_p99")
                            for one in ("continuous", way))
            yield (f"{what}: p99 against {way}", f"{ours:.2f} s, not {theirs:.2f} s", "lower",
                   "yes" if ours < theirs else "no")


def mixed_table(found):
    """Where the time of each way of serving goes."""
    works = list(mixed_works(found))
    if works:
        print("\n| served | s | encoding | decoding | idle | steps | tokens a step | ms a step | "
              "p50, s | p99, s |\n" + "|---" * 10 + "|")
    for work, _, dtype in works:
        for way in WAYS:
            def median(key, name=f"{work} {way}", dtype=dtype):
                return found.median("tact", name, dtype, key)
            seconds, encode, decode, steps = (
                median(key) for key in ("seconds", "encode_seconds", "decode_seconds", "steps"))
            print(f"| {work} {way}, {dtype} | {seconds:.1f} | {encode:.1f} | {decode:.1f} | "
                  f"{seconds - encode - decode:.1f} | {steps:.0f} | {median('tokens') / steps:.1f} "
                  f"| {decode / steps * 1e3:.1f} | {median('latency_p50'):.2f} | "
                  f"{median('latency_p99'):.2f} |")


def start_lines(found):
    def median(dtype, key):
        return statistics.median(one[key] for one in found.starts if one["dtype"] == dtype)
    for dtype in ("f32", "int8"):
        seconds = median(dtype, "ready_seconds")
        yield (f"start to ready, {dtype}", f"{seconds:.2f} s ({median(dtype, 'cpu_seconds'):.2f} "
               "CPU-s)", "1.5 s", "yes" if seconds <= 1.5 else "no")
    peaks = [median("int8", key) for key in ("peak_mb_ready", "peak_mb_used")]
    yield ("peak memory of tact-policy int8", f"{peaks[0]:.0f} MB ready, {peaks[1]:.0f} MB in use",
           "450 MB", "yes" if peaks[1] <= 450 else "no")


def profile_table(found):
    rows = [one for one in found.all if "parts" in one]
    keys = sorted({(one["dtype"], one["batch"], one["name"]) for one in rows})
    if not keys:
        return

    def cells(read):
        out = []
        for dtype, _, name in keys:
            values = [read(one) for one in rows if (one["name"], one["dtype"]) == (name, dtype)]
            out.append(statistics.median(values))
        return out

    def row(name, read, digits=0):
        print(f"| {name} | " + " | ".join(f"{value:.{digits}f}" for value in cells(read)) + " |")

    print("\n| microseconds of a step | " + " | ".join(f"{d} b{b}" for d, b, _ in keys) + " |")
    print("|---" * (len(keys) + 1) + "|")
    for part in PARTS:
        row(part, lambda one, part=part: one["parts"][part] * 1e6)
    row("step", lambda one: one["step_seconds"] * 1e6)
    row("weights, MB", lambda one: one["weight_bytes"] / 1e6)
    row("keys and values, MB", lambda one: one["cache_bytes"] / 1e6)
    row("memory, GB/s", lambda one: one["bandwidth"] / 1e9, 1)
    row("roofline: weights at that speed", lambda one: one["roofline_seconds"] * 1e6)
    row("share of the roofline, %", lambda one: one["roofline_share"] * 100)


def show(files):
    found = Found(files)
    for file in files:
        m = file["machine"]
        parts = sorted({one["work"] for one in file["measurements"]}) or ["start"]
        print(f"{', '.join(parts)}: {m['cpu']}, {m['cores']} cores, {m['threads']} threads, "
              f"{file['rounds']} rounds, load {m['load_before']:.1f} before and "
              f"{m.get('load_after', 0):.1f} after\n")
    if any(not one["engine"].startswith("tact") for one in found.all):
        against_peers(found)
    lines = list(own_lines(found))
    if lines:
        print("\n| work | found | asked | reached |\n|---|---|---|---|")
    for cells in lines:
        print("| " + " | ".join(cells) + " |")
    mixed_table(found)
    profile_table(found)
