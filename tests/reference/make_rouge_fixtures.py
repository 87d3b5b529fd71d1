"""Writes ROUGE and stemmer goldens with rouge_score 0.1.2 and nltk.

    python -m venv venv && venv/bin/pip install rouge_score==0.1.2 nltk
    venv/bin/python tests/reference/make_rouge_fixtures.py services/evaluation/testdata

The texts are made from a seed: the same seed and versions give the same files.
"""
import argparse
import json
import pathlib
import random

from nltk.stem.porter import PorterStemmer
from rouge_score import rouge_scorer

TYPES = ["rouge1", "rouge2", "rougeL", "rougeLsum"]

STEMS = """
act adjust agree allow analog angular apolog appl arch argu arriv beauti bicycl bury call calm care
caress ceas cheer citi clean collect commun compar complet conflat connect consider control convers
copi cries cry decis defend depend detail die differ digit direct discuss divers dye easi eat
effect electr employ enjoy enter envi equal equip exceed excit explain fail fall feed feudal file
find fix fizz fli focus forc form formal friend full fun gas geo good gyroscop happ happi harass
help hesit hiss homolog hop hope hopp howe hurri idea infer inning irrit jump kind knit know late
laugh lazi learn lie like listen live logi love machin manag measur meet mend method micro modest
motor move narr nation need news noise nod normal note occur offer open operat order organ pack
pair paint pay person plan plaster play pleas plot polit pon predic prefer prepar prob proceed
provid public quick quiet radic rate read realiz reason refer relat remark remind repair replac
revis reviv roll roof rude run rush sad said sail sens sensibl separat serv shar sing size ski sky
slow smart snow sort spi stay still stop succeed sum sun surpris suspect talk tan theo thank thorough
think tie tir tomorrow train travel tri trip tripl troubl try tying typ unit use valenc valid var
vile visit wait walk warn wash watch wax way wonder work worri write yell yes young zero zig
"""
SUFFIXES = """
e s es ed ing ings er ers ion ions ation ational ations tional y ies ied ly ness less ful fulness
fulli fulli able ably ability ibility ible al ally ali ality alism alize alizer alization ance ancy
ence ency ant ent ently ement ment ments ous ously ousness ive ively iveness ivity ize izer ization
ism ist icate ical ically icity ator eed eedly ll lly logy logi bli ou ti iti ss sses s' 1 2nd yy yed
"""
SUBJECTS = ["Mira", "Tom", "Lena", "Oskar", "Ava", "Ben", "the two friends", "the shopkeeper"]
VERBS = ["asks", "tells", "reminds", "calls", "invites", "thanked", "is meeting", "was helping",
         "would like to see", "apologises to", "agreed with", "travelled with"]
OBJECTS = ["Jonas", "her sister", "the neighbours", "a colleague", "Nora", "the children"]
PLACES = ["at the station", "in the kitchen", "after school", "on Monday at 9:30", "for lunch",
          "about the broken bicycle", "before the meetings", "because the train is running late"]
TAILS = ["and they are happier now", "but nobody was listening", "so the plan is cancelled",
         "to discuss the organisation of the party", "with 2 tickets (seats 14 and 15)",
         "and proceeds to the outing", "who is a bit of a grump", ""]


def make_words(rng):
    words = {stem + suffix.strip("'") for stem in STEMS.split() for suffix in SUFFIXES.split()}
    words |= set(STEMS.split()) | {"dying", "lying", "skies", "innings", "outings", "cannings"}
    letters = "aeiouybcdlmnrstwxz"
    words |= {"".join(rng.choice(letters) for _ in range(rng.randint(1, 9))) for _ in range(600)}
    chosen = rng.sample(sorted(words), 2450)
    fixed = ["dying", "lying", "tying", "sky", "skies", "news", "innings", "inning", "outings",
             "cannings", "howe", "proceed", "exceed", "succeed", "geologi", "theologi", "logi",
             "radicalli", "fulli", "hopefulli", "yy", "y", "syzygy", "by", "oe", "ied", "ies",
             "eed", "ing", "bing", "ed", "sses", "tties", "died", "spied", "yyyying", "aed", "oaten"]
    return sorted(set(chosen) | set(fixed))


def make_sentence(rng):
    parts = [rng.choice(SUBJECTS), rng.choice(VERBS), rng.choice(OBJECTS), rng.choice(PLACES),
             rng.choice(TAILS)]
    return " ".join(p for p in parts if p) + rng.choice([".", "!", "", " .", "?"])


def mutate(rng, text):
    words = text.split(" ")
    for _ in range(rng.randint(0, 5)):
        place = rng.randrange(len(words))
        change = rng.randrange(4)
        if change == 0:
            words[place] = rng.choice(VERBS + OBJECTS)
        elif change == 1 and len(words) > 1:
            del words[place]
        elif change == 2:
            words.insert(place, rng.choice(words))
        else:
            other = rng.randrange(len(words))
            words[place], words[other] = words[other], words[place]
    return " ".join(words)


def make_pairs(rng):
    pairs = [("", ""), ("", "a"), ("a", ""), ("...", "!!"), ("a", "a"), ("A-b c", "a b C"),
             ("one\n\ntwo", "two\none"), ("\n", "\n\n"), ("a b\n...\nc", "c\n?\na b"),
             ("Größe und Maß", "groesse und mass"), ("\u212aelvin", "kelvin"),
             ("\u0130stanbul is big", "istanbul is big"), ("naïve café", "naive cafe"),
             ("running runs run", "run running runs"), ("the the the cat", "the cat the"),
             ("a b c d e f g", "g f e d c b a"), ("x y\nx y\nx y", "x y x y"),
             ("x\tx\r\nx", "x x x"), ("日本語 text", "text 日本語"), ("don't can't", "dont cant")]
    while len(pairs) < 240:
        reference = [make_sentence(rng) for _ in range(rng.randint(1, 4))]
        prediction = [mutate(rng, s) for s in reference if rng.random() < 0.85]
        if rng.random() < 0.3:
            prediction.append(make_sentence(rng))
        if rng.random() < 0.3:
            rng.shuffle(prediction)
        joint = rng.choice(["\n", "\n", " "])
        pairs.append((joint.join(reference), joint.join(prediction)))
    return pairs


def numbers(score):
    return [round(score.precision, 10), round(score.recall, 10), round(score.fmeasure, 10)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    scorers = {stem: rouge_scorer.RougeScorer(TYPES, use_stemmer=stem) for stem in (False, True)}

    pairs = []
    for reference, prediction in make_pairs(rng):
        entry = {"reference": reference, "prediction": prediction}
        for stem, scorer in scorers.items():
            scores = scorer.score(reference, prediction)
            entry["stemmed" if stem else "plain"] = [numbers(scores[t]) for t in TYPES]
        pairs.append(entry)
    multi = []
    for _ in range(20):
        prediction = make_sentence(rng)
        references = [mutate(rng, prediction) for _ in range(rng.randint(1, 4))]
        scores = scorers[True].score_multi(references, prediction)
        multi.append({"references": references, "prediction": prediction,
                      "stemmed": [numbers(scores[t]) for t in TYPES]})
    stemmer = PorterStemmer()
    stems = [[word, stemmer.stem(word)] for word in make_words(rng)]

    def write(name, rows):
        lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
        (options.out / name).write_text("[\n" + lines + "\n]\n")

    write("rouge_pairs.json", pairs)
    write("rouge_best_of.json", multi)
    write("porter_stems.json", stems)
    print(len(pairs), "pairs,", len(multi), "with several references,", len(stems), "stems")


if __name__ == "__main__":
    main()
