"""Tokenizers trained on self-written text, and what the slow and the fast Python ones give.

The fast one is the notebook's (AutoTokenizer gives it), so it is the reference; where the slow one
differs, its answer stands beside it under "slow".
"""
from . import texts
from .nasty import NASTY
from .tokenizer_training import load, train

MAX_LENGTHS = [1, 2, 3, 5, 12, 40, 512]
PIECES = list("abc  \n\t.,'?<>/s#é日😀\u0301\u00a0") + [
    "</s>", "<pad>", "<unk>", "<mask>", "<s>", "<extra_id_3>", "'s", " the", "Ann", "12", "▁", "Ġ"]
SHARED = ["", " ", "a", "Hello Ann, did you see the report?", "x" * 300]


def make(out):
    train(out, texts.corpus(out.rng))
    sample = make_texts(out.rng)
    for name in ("t5", "roberta"):
        slow, fast, auto = load(out.path(f"tokenizers/{name}"))
        golden = cases(Both(slow, fast), out.rng, sample, pairs=name == "roberta")
        assert all(auto(text).input_ids == fast(text).input_ids for text in sample)
        about = {"vocab_size": len(fast), "auto_class": type(auto).__name__,
                 "pad": fast.pad_token_id, "eos": fast.eos_token_id, "unk": fast.unk_token_id,
                 "bos": fast.bos_token_id, "mask": fast.mask_token_id}
        differences = {key: sum("slow" in case for case in rows) for key, rows in golden.items()}
        out.json(f"tokenizers/{name}.json", {**about, "slow_differs": differences, **golden})
        out.count(sum(map(len, golden.values())))


def make_texts(rng):
    out = NASTY + [text for _ in range(6) for _, text in texts.prompts(rng)]
    out += [texts.sentence(rng) for _ in range(20)]
    for _ in range(70):
        out.append("".join(rng.choice(PIECES) for _ in range(rng.randint(2, 25))))
    return list(dict.fromkeys(out))


class Both:
    """The fast tokenizer's answer, and the slow one's where it differs."""

    def __init__(self, slow, fast):
        self.slow, self.fast = slow, fast

    def answer(self, case, ask):
        fast, slow = ask(self.fast), ask(self.slow)
        other = {key: slow[key] for key in fast if slow[key] != fast[key]}
        return {**case, **fast, **({"slow": other} if other else {})}

    def encode(self, text):
        return self.answer({"text": text}, lambda t: {"ids": t(text).input_ids,
                                                      "tokens": t.tokenize(text)})

    def decode(self, ids):
        return self.answer({"ids": ids}, lambda t: {
            "decoded": t.decode(ids), "decoded_skip": t.decode(ids, skip_special_tokens=True)})

    def cut(self, text, pair, length):
        case = {"text": text, "max_length": length, **({"pair": pair} if pair is not None else {})}
        return self.answer(case, lambda t: {
            "ids": t(text, pair, truncation=True, max_length=length).input_ids})

    def pair(self, text, pair):
        return self.answer({"text": text, "pair": pair}, lambda t: {"ids": t(text, pair).input_ids})

    def batch(self, batch, padding, length):
        def ask(tokenizer):
            found = tokenizer(batch, padding=padding, truncation=True, max_length=length)
            return {"ids": found.input_ids, "mask": found.attention_mask}
        return self.answer({"texts": batch, "padding": padding, "max_length": length}, ask)


def cases(both, rng, sample, pairs):
    encoded = [both.encode(text) for text in sample]
    size = len(both.fast)
    streams = [[rng.randrange(size) for _ in range(rng.randint(1, 12))] for _ in range(80)]
    streams += [[], [both.fast.eos_token_id], [both.fast.pad_token_id] * 3]
    batches = [SHARED] + [rng.sample(sample, 4) for _ in range(11)]
    golden = {
        "texts": encoded,
        "decodes": [both.decode(ids) for ids in [case["ids"] for case in encoded] + streams],
        "truncation": [both.cut(text, None, length) for length in MAX_LENGTHS
                       for text in SHARED + rng.sample(sample, 12)
                       if length > 1 or not pairs],
        "padding": [both.batch(batch, padding, length) for batch in batches
                    for padding, length in (("longest", 64), ("max_length", 40))]}
    if pairs:
        chosen = [(rng.choice(sample), rng.choice(sample)) for _ in range(60)]
        chosen += [("", ""), ("a", "")]
        golden["pairs"] = [both.pair(a, b) for a, b in chosen]
        golden["pair_truncation"] = [both.cut(a, b, length) for length in (8, 16, 40)
                                     for a, b in chosen if len(a) + len(b) < 400]
    return golden
