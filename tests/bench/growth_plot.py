#!/usr/bin/env python3
"""Plots of tokens a CPU-second as work grows, as SVG files, from the JSON of generation.py: other
programs on the machine disturb these less than seconds of the clock.

    growth_plot.py FOUND.json OUT_FOLDER

Writes growth-batch.svg, growth-prompt.svg and growth-samples.svg.
"""
import json
import math
import pathlib
import statistics
import sys

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 480, 280, 64, 20, 40, 48
# work, the field that grows, its name, the title
PLOTS = [("growth_batch", "batch", "sequences in the batch", "Batch, prompts of 200 tokens"),
         ("growth_prompt", "prompt_tokens", "tokens of a prompt", "Prompt length, batch 8"),
         ("growth_samples", "samples", "samples of one prompt (K)", "Samples, one prompt of 200")]
STYLE = """text{font:12px sans-serif;fill:#222}.title{font-size:14px}.grid{stroke:#ddd}
.line{fill:none;stroke:#0b6fb8;stroke-width:2}.dot{fill:#0b6fb8}
@media(prefers-color-scheme:dark){text{fill:#ddd}.grid{stroke:#444}.line{stroke:#5db4f0}
.dot{fill:#5db4f0}}"""


def nice_step(most, count=5):
    """A round number of which about `count` cover `most`."""
    rough = most / count
    power = 10 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)


def points(measurements, work, field):
    """(x, median tokens a CPU-second) by x."""
    by_x = {}
    for one in measurements:
        if one["work"] == work and one["engine"] == "tact":
            by_x.setdefault(one[field], []).append(one["tokens"] / one["cpu_seconds"])
    return [(x, statistics.median(by_x[x])) for x in sorted(by_x)]


def text(x, y, words, anchor="middle", style=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{style}>{words}</text>'


def svg(data, x_name, title):
    step = nice_step(max(y for _, y in data))
    top = step * math.ceil(max(y for _, y in data) / step)
    most_x = max(x for x, _ in data)

    def at(x, y):
        return (LEFT + (WIDTH - LEFT - RIGHT) * x / most_x,
                HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * y / top)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
           f"<title>{title}: tokens a CPU-second</title><style>{STYLE}</style>",
           text(LEFT, 20, f"{title}: tokens a CPU-second", "start", ' class="title"'),
           text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, x_name)]
    for number in range(int(round(top / step)) + 1):
        _, y = at(0, number * step)
        out.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" '
                   f'y2="{y:.1f}"/>' + text(LEFT - 6, y + 4, f"{number * step:g}", "end"))
    last = -math.inf
    for x, y in data:
        left, high = at(x, y)
        out.append(f'<circle class="dot" cx="{left:.1f}" cy="{high:.1f}" r="3"><title>{x}: {y:.0f}'
                   "</title></circle>")
        if left - last >= 22:  # labels do not run into each other
            out.append(text(left, HEIGHT - BOTTOM + 18, x))
            last = left
    way = " ".join(f"{left:.1f},{high:.1f}" for left, high in (at(x, y) for x, y in data))
    out.append(f'<polyline class="line" points="{way}"/></svg>')
    return "\n".join(out) + "\n"


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    found = json.loads(pathlib.Path(sys.argv[1]).read_text())["measurements"]
    folder = pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for work, field, x_name, title in PLOTS:
        data = points(found, work, field)
        if data:
            name = work.replace("_", "-") + ".svg"
            (folder / name).write_text(svg(data, x_name, title))
            print(folder / name)


if __name__ == "__main__":
    main()
