"""Writes goldens of the evaluation's statistics with numpy 2.4 and scipy 1.17.

    python -m venv venv && venv/bin/pip install numpy scipy
    venv/bin/python tests/reference/make_statistics_fixtures.py services/evaluation/testdata

The numbers are made from a seed: the same seed and versions give the same file. What scipy does not
do in the same way (ties and small samples at once, drawn sign patterns) is done here by the plainest
means, counting every pattern.
"""
import argparse
import itertools
import json
import pathlib
import random
import warnings

import numpy as np
from scipy import stats

SHARES = [5, 25, 50, 75, 95, 99]
PERMUTATIONS = 10000
TEXTS = [["a cat and a cat", "a dog"], ["one"], ["", " \t\n"], ["same words here"] * 3,
         ["Upper upper", "tab\tand\nline  ends "]]


def describe(values):
    return {"values": values, "mean": float(np.mean(values)), "std": float(np.std(values)),
            "sample_std": float(np.std(values, ddof=1)) if len(values) > 1 else 0.0,
            "min": min(values), "max": max(values),
            "quantiles": [float(q) for q in np.percentile(values, SHARES)],
            "from_half": float(np.mean(np.array(values) >= 0.5))}


def standing(differences):
    """(values, sign): sorted, or mirrored where the mirror image sorts first."""
    plain, mirror = sorted(differences), sorted(-d for d in differences)
    return (mirror, -1) if mirror < plain else (plain, 1)


def interval(differences, seed, resamples, confidence):
    values, sign = standing(differences)
    rng = np.random.RandomState(seed)
    means = [float(np.mean(rng.choice(values, size=len(values)))) for _ in range(resamples)]
    tail = (1 - confidence) / 2
    ends = [sign * float(q) for q in np.quantile(means, [tail, 1 - tail])]
    return sorted(ends)


def sign_flips(differences, seed):
    """[p, exact, patterns], as scipy's permutation_test where every pattern is counted."""
    sizes = np.array(sorted(abs(d) for d in differences if d != 0))
    if len(sizes) < 2:  # scipy wants two; one difference has the same size with either sign
        return [1.0, True, 2 ** len(sizes)]
    if 2 ** len(sizes) <= PERMUTATIONS:
        found = stats.permutation_test((np.array([d for d in differences if d != 0]),), np.sum, n_resamples=np.inf,
                                       permutation_type="samples", vectorized=False)
        return [float(found.pvalue), True, 2 ** len(sizes)]
    words = -(-len(sizes) // 32)
    draws = np.random.RandomState(seed).randint(0, 2 ** 32, size=(PERMUTATIONS, words),
                                                dtype=np.uint32)
    bits = np.unpackbits(draws.view(np.uint8), axis=1, bitorder="little")[:, :len(sizes)]
    totals = np.abs(((1 - 2 * bits.astype(float)) * sizes).sum(axis=1))
    hits = int((totals >= abs(sum(differences)) - 1e-10 * sizes.sum()).sum())
    return [(1 + hits) / (1 + PERMUTATIONS), False, PERMUTATIONS]


def wilcoxon(differences):
    d = np.array([x for x in differences if x != 0])
    if len(d) == 0:
        return {"plus": 0.0, "minus": 0.0, "p": 1.0, "exact": True}
    ranks = stats.rankdata(abs(d))
    plus, minus = float(ranks[d > 0].sum()), float(ranks[d < 0].sum())
    exact = len(d) <= 50
    tied = len(set(abs(d))) < len(d)
    if exact and tied:
        sums = [sum(chosen) for chosen in itertools.product(*((0.0, r) for r in ranks))]
        p = min(1.0, 2 * float(np.mean(np.array(sums) <= min(plus, minus))))
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = stats.wilcoxon(d, zero_method="wilcox", correction=False,
                                   method="exact" if exact else "asymptotic")
        assert found.statistic == min(plus, minus)
        p = float(found.pvalue)
    return {"plus": plus, "minus": minus, "p": p, "exact": exact}


def compare(name, before, after, seed=0, resamples=200, confidence=0.95):
    d = [a - b for a, b in zip(after, before)]
    same = len(set(d)) == 1
    w = wilcoxon(d)
    total = w["plus"] + w["minus"]
    return {"name": name, "before": before, "after": after, "seed": seed, "resamples": resamples,
            "confidence": confidence, "mean_difference": float(np.mean(d)),
            "interval": interval(d, seed, resamples, confidence), "sign_flips": sign_flips(d, seed),
            "wilcoxon": w,
            "cohens_d": (0.0 if d[0] == 0 else None) if same
            else float(np.mean(d) / np.std(d, ddof=1)),
            "rank_biserial": (w["plus"] - w["minus"]) / total if total else 0.0}


def pairs(rng, n, shift, digits=None):
    before = [rng.betavariate(0.6, 1.5) for _ in range(n)]
    after = [min(1.0, max(0.0, b + rng.gauss(shift, 0.2))) for b in before]
    if digits is not None:
        before, after = ([round(x, digits) for x in side] for side in (before, after))
    return before, after


def distinct(texts, n):
    grams = [tuple(words[i:i + n]) for words in map(str.split, texts)
             for i in range(len(words) - n + 1)]
    return len(set(grams)) / len(grams) if grams else 0.0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    lists = [[0.5], [0.25, 0.75], [1.0, 1.0, 1.0], [0.1, 0.5, 0.9, 0.3]]
    lists += [[rng.betavariate(0.4, 2.0) for _ in range(n)] for n in (5, 20, 101)]
    cases = [compare("one pair", [0.5], [0.25]), compare("equal", [0.1, 0.2], [0.1, 0.2]),
             compare("all the same difference", [1.0, 2.0, 3.0], [1.5, 2.5, 3.5]),
             compare("a difference of sum 0", [0.0, 0.0, 1.0, 1.0], [1.0, 1.0, 0.0, 0.0])]
    for n in (3, 8, 13, 14, 30, 50):
        cases.append(compare(f"{n} pairs", *pairs(rng, n, -0.1), seed=n))
    for n in (51, 200):
        cases.append(compare(f"{n} pairs", *pairs(rng, n, 0.02), seed=n, confidence=0.9))
    for n in (6, 12, 16):
        cases.append(compare(f"{n} pairs with ties", *pairs(rng, n, -0.1, 1)))
    cases.append(compare("120 pairs with ties", *pairs(rng, 120, -0.05, 1), resamples=333))
    golden = {"describe": [describe(values) for values in lists], "pairs": cases,
              "distinct": [{"texts": t, "n": [distinct(t, 1), distinct(t, 2), distinct(t, 3)]}
                           for t in TEXTS]}
    text = json.dumps(golden, separators=(",", ":")).replace(',{"', ',\n{"')
    (options.out / "statistics.json").write_text(text + "\n")
    print(len(lists), "lists,", len(cases), "sets of pairs,", len(TEXTS), "sets of texts")


if __name__ == "__main__":
    main()
