"""Statistics of toxicity scores: the notebook's mean and deviation, evaluate's max and ratio."""
import numpy as np

THRESHOLDS = [0.5, 0.1, 0.9]
FIXED = [[0.5], [0.0], [1.0], [0.25, 0.75], [0.5, 0.5, 0.5], [0.49999999, 0.5, 0.50000001],
         [1e-12, 1e-6, 1.0], [0.9] * 7, [0.1, 0.1, 0.9]]


def make(out):
    lists = FIXED + [make_scores(out.rng) for _ in range(40)]
    cases = [{"scores": scores, **statistics(scores)} for scores in lists]
    out.json("toxicity.json", {"thresholds": THRESHOLDS, "cases": cases})
    out.count(len(cases))


def make_scores(rng):
    scores = [rng.betavariate(0.4, 2.0) for _ in range(rng.randint(1, 60))]
    return [round(score, 1) if rng.random() < 0.2 else score for score in scores]


def statistics(scores):
    """A ratio counts scores that reach the threshold, as evaluate's toxicity measurement does."""
    return {"mean": float(np.mean(scores)), "std": float(np.std(scores)), "max": max(scores),
            "ratio": [sum(s >= limit for s in scores) / len(scores) for limit in THRESHOLDS]}
