"""ROUGE of made pairs, best of several references, bootstrap aggregation, and Porter's stems."""
import string

import numpy as np
from nltk.stem.porter import PorterStemmer
from rouge_score import rouge_scorer, scoring

from . import texts
from .words import make_words

TYPES = ["rouge1", "rouge2", "rougeL", "rougeLsum"]
PAIRS, MULTI = 250, 30
FIXED = [("", ""), ("", "a"), ("a", ""), ("...", "!!"), ("a", "a"), ("A-b c", "a b C"),
         ("one\n\ntwo", "two\none"), ("\n", "\n\n"), ("a b\n...\nc", "c\n?\na b"),
         ("Größe und Maß", "groesse und mass"), ("\u212aelvin", "kelvin"), ("ＡＢＣ １２", "abc 12"),
         ("\u0130stanbul is big", "istanbul is big"), ("naïve café", "naive cafe"),
         ("running runs run", "run running runs"), ("the the the cat", "the cat the"),
         ("a b c d e f g", "g f e d c b a"), ("x y\nx y\nx y", "x y x y"),
         ("x\tx\r\nx", "x x x"), ("日本語 text", "text 日本語"), ("don't can't", "dont cant"),
         ("snake_case_name here", "snake case name here"), ("__init__ x", "init x"),
         ("day31 31day 3.14", "31 day 3 14"), ("1,000 and 2nd", "1 000 and 2 nd"),
         ("news flies dying skies", "new fly die sky"), ("a\u00a0b", "a b"), ("😀 ok", "ok 😀"),
         ("same line\nsame line", "same line"), ("first.\nSecond one.", "Second one.\nfirst.")]


def make(out):
    scorers = {"plain": rouge_scorer.RougeScorer(TYPES, use_stemmer=False),
               "stemmed": rouge_scorer.RougeScorer(TYPES, use_stemmer=True)}
    pairs = [score(scorers, reference, prediction) for reference, prediction in make_pairs(out.rng)]
    multi = [score_multi(scorers, out.rng) for _ in range(MULTI)]
    stemmer = PorterStemmer()  # the mode of rouge_score: nltk's extensions
    stems = [[word, stemmer.stem(word)] for word in make_words(out.rng)]
    boot = [bootstrap(pairs[first:first + size], kind, out.rng.randrange(2**32), level, samples)
            for first, size, kind, level, samples in (
                (0, 250, "plain", 0.95, 1000), (0, 250, "stemmed", 0.95, 1000),
                (30, 10, "plain", 0.9, 200), (40, 1, "plain", 0.95, 50),
                (60, 64, "stemmed", 0.5, 101))]
    out.json("rouge/scores.json", {"types": TYPES, "pairs": pairs, "multi": multi})
    out.json("rouge/bootstrap.json", {"types": TYPES, "cases": boot})
    out.json("rouge/stems.json", {"stems": stems})
    out.count(len(pairs) + len(multi) + len(boot) + len(stems))


def numbers(scores):
    return [[scores[t].precision, scores[t].recall, scores[t].fmeasure] for t in TYPES]


def score(scorers, reference, prediction):
    return {"reference": reference, "prediction": prediction,
            **{kind: numbers(scorer.score(reference, prediction))
               for kind, scorer in scorers.items()}}


def score_multi(scorers, rng):
    prediction = make_summary(rng)
    references = [mutate(rng, prediction) for _ in range(rng.randint(1, 4))]
    return {"references": references, "prediction": prediction,
            **{kind: numbers(scorer.score_multi(references, prediction))
               for kind, scorer in scorers.items()}}


def make_summary(rng):
    return rng.choice(["\n", "\n", " "]).join(texts.sentence(rng) for _ in range(rng.randint(1, 4)))


def mutate(rng, text):
    words = text.split(" ")
    for _ in range(rng.randint(0, 6)):
        place, other = rng.randrange(len(words)), rng.randrange(len(words))
        change = rng.randrange(5)
        if change == 0:
            words[place] = rng.choice(texts.THINGS + texts.VERBS)
        elif change == 1 and len(words) > 1:
            del words[place]
        elif change == 2:
            words.insert(place, words[other])
        elif change == 3:
            words[place] = words[place].strip(string.punctuation).upper()
        else:
            words[place], words[other] = words[other], words[place]
    return " ".join(words)


def make_pairs(rng):
    pairs = list(FIXED)
    while len(pairs) < PAIRS:
        reference = make_summary(rng)
        lines = mutate(rng, reference).split("\n")
        if rng.random() < 0.3:
            rng.shuffle(lines)
        if rng.random() < 0.3:
            lines.append(texts.sentence(rng))
        pairs.append((reference, "\n".join(lines)))
    return pairs


def bootstrap(pairs, kind, numpy_seed, level, samples):
    """The scores are those of pairs[first...]; numpy's global generator is seeded just before."""
    aggregator = scoring.BootstrapAggregator(confidence_interval=level, n_samples=samples)
    for pair in pairs:
        aggregator.add_scores({t: scoring.Score(*pair[kind][i]) for i, t in enumerate(TYPES)})
    np.random.seed(numpy_seed)
    first = np.random.choice(np.arange(len(pairs)), size=len(pairs)).tolist()
    np.random.seed(numpy_seed)
    found = aggregator.aggregate()
    return {"kind": kind, "numpy_seed": numpy_seed, "confidence_interval": level,
            "n_samples": samples, "scores": [pair[kind] for pair in pairs], "first_sample": first,
            "result": [{edge: list(getattr(found[t], edge)) for edge in ("low", "mid", "high")}
                       for t in TYPES]}
