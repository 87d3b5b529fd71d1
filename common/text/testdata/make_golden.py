#!/usr/bin/env python3
"""Makes the tokenizers and goldens of common/text/testdata, from nothing but the seed below.

Needs transformers 4.27.2, tokenizers 0.13.3, sentencepiece 0.1.99 and Debian's spm_train. The slow
tokenizers are the reference; the C++ tests compare ids and decoded text with what they say.
"""
import json
import pathlib
import random
import string
import subprocess
import tempfile

from tokenizers import ByteLevelBPETokenizer
from transformers import RobertaTokenizer, T5Tokenizer

HERE = pathlib.Path(__file__).parent
MAX_LENGTH = 12
NAMES = "Ann Ben Carla Dora Emil Fay Gus Hana Ivo Jill Kurt Lena Milo Nora Otto Pia".split()
THINGS = "report ticket garden meeting lunch train parcel invoice printer holiday recipe".split()
VERBS = "asks wants sends plans fixes forgets likes calls books checks paints brings".split()


def corpus(rng):
    lines = []
    for _ in range(1200):
        a, b = rng.sample(NAMES, 2)
        thing, verb, day = rng.choice(THINGS), rng.choice(VERBS), rng.randint(1, 31)
        lines += [
            f"#Person1#: Hello {b}, did you see the {thing}? It wasn't here at {day}:{day + 20}.",
            f"#Person2#: No, {a}. I'm sure they've moved it; we'll look on day {day}!",
            f"{a} {verb} {b} about the {thing}, and {b} doesn't mind.",
            f"Summarize the following conversation. Summary: {a} and {b} talk about a {thing}.",
        ]
    lines += ["café naïve résumé über straße", "Привет, мир", "日本語 の テスト"] * 4
    lines += ["“quoted” — dash … done", "100 % of £20 or 30 €"] * 4
    lines += [" ".join(string.printable.strip())] * 5
    return "\n".join(lines) + "\n"


def train(text):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "corpus.txt"
        path.write_text(text)
        subprocess.run(
            ["spm_train", f"--input={path}", f"--model_prefix={folder}/spiece", "--vocab_size=420",
             "--character_coverage=1.0", "--pad_id=0", "--eos_id=1", "--unk_id=2", "--bos_id=-1",
             "--hard_vocab_limit=false", "--normalization_rule_name=nmt_nfkc"], check=True)
        (HERE / "t5").mkdir(exist_ok=True)
        (HERE / "t5" / "spiece.model").write_bytes((pathlib.Path(folder) / "spiece.model").read_bytes())
        bpe = ByteLevelBPETokenizer(add_prefix_space=False)
        bpe.train([str(path)], vocab_size=700, show_progress=False,
                  special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
        (HERE / "bpe").mkdir(exist_ok=True)
        bpe.save_model(str(HERE / "bpe"))


FIXED = [
    "", " ", "  ", "\n", "\t", "\r\n", " \n \t ", "a", " a", "a ", "  a  b  ", "a\n\nb", "a\tb", "\na\n",
    "Hello Ann, did you see the report?", "#Person1#: Hi Ben.\n#Person2#: No, Carla.",
    "\nSummarize the following conversation.\n\n#Person1#: Hello.\n\nSummary:\n",
    "Summarize the following conversation.\n\n#Person1#: Hello.\n\nSummary: ",
    "\nDialogue:\n\nAnn: Hi.\n\nWhat was going on?\nAnn says hi.\n\n\n",
    "</s>", "<pad>", "<unk>", "<s>", "<mask>", "</s></s>", "a</s>", "a </s>", "a </s> b", "a</s>b", " </s> ",
    "a  </s>  b", "</s> a", "a <pad> b", "<pad><pad>", "a <unk> b", "<unk>x", "x<unk>", "<unk> <unk>",
    "<extra_id_0>", "<extra_id_99>", "<extra_id_100>", "<extra_id_-1>", "<extra_id_00>", "<extra_id_>",
    "The <extra_id_0> sees <extra_id_1> report", "a <extra_id_10><extra_id_1> b", "<extra_id_1",
    "extra_id_1>", "<<extra_id_5>>", "a\n<extra_id_7>\nb", "<Extra_id_0>", "<extra_id_0> </s>",
    "<mask> a", "a <mask> b", "a   <mask>   b", "a<mask>b", "\n<mask>\n", "a\u00a0<mask>", "a\u3000</s>\u3000b",
    "<s> a </s>", "<s>a</s></s>b</s>", "a <s> b", "< s >", "<|endoftext|>", "</S>", "< /s>", "<s", "s>",
    "I'm", "it's", "we'll", "they've", "you're", "I'd", "can't", "IT'S", "I'M", "'s", "''s", " 's", "'", "''",
    "don ' t", "rock 'n' roll", "'re've'll", "o'clock", "x's's", "’s it’s", "'S", "'tis", "'ll", "'l",
    "3.14", "1,000,000", "12:30", "day31", "31day", "x2y", "½ ¾ Ⅷ ²", "١٢٣", "1 2  3   4", "0x1F", "$5 £6 €7",
    "...", "?!", " . ", " , ", "a . b , c ? d ! e", "a n't b 'm c 's d 've e 're", "x ' y ' z", "--", "—", "…",
    "!!!???", "@#$%^&*()", "[]{}<>", "\\n", "a/b\\c", "_under_score_", "a_b", "https://example.org/a?b=c&d=e",
    "me@example.org", "#tag @who", "😀", "😀😀", "a😀b", "👩‍👩‍👧‍👦", "👍🏽", "🇩🇪", "❤️", "☺", "\ufe0f", "\u200d",
    "café", "cafe\u0301", "\u0301", "a\u0301\u0302\u0303", "Å Å Å", "ﬁ ﬂ ﬀ", "ＡＢＣ １２３", "①②③", "㎏ ㍿", "ｶﾞ",
    "é" * 20, "Straße", "ﬆ", "ı İ", "ǅ", "ʰ", "שלום עולם", "مرحبا بالعالم", "\u202eabc\u202c", "\u200fabc", "हिन्दी",
    "ไทย", "한국어", "\u1112\u1161\u11ab", "日本語", "中文 字符", "日本語のテスト", "漢字かな交じり", "𠀀𠀁", "Привет", "мир!",
    "ΑΒΓ αβγ", "ქართული", "አማርኛ", "\u0000", "a\u0000b", "\u0001", "\u0007bell", "\u001b[0m", "\u007f", "\u0080",
    "\u0085", "a\u0085b", "a\u001cb", "\u001c", "\u001f a", "\u00a0", "a\u00a0b", "\u00ad", "a\u00adb", "\u1680",
    "\u2000a", "\u2003", "\u2028", "a\u2028b", "\u2029", "\u202f", "\u205f", "\u3000", "a\u3000b", "\u180e", "\u200b",
    "a\u200bb", "\ufeff", "\ufeffa", "\ufffd", "\ufffe", "\uffff", "\U0010ffff", "\ue000", "\U000e0001", "\U0001d400",
    "a" * 100, "ab" * 80, "aaa", "aaaa", "aaaaa", "the" * 40, "x" * 300, "Pneumonoultramicroscopicsilicovolcano",
    "supercalifragilisticexpialidocious", "ThisIsCamelCase", "UPPER lower MiXeD", "a-b-c", "re-use", "e.g. i.e.",
    "  leading", "trailing  ", "in  the   middle", "tab\t\ttab", "nl\n\n\nnl", " \n", "\n ", "a \n b", "a\n \nb",
    "a  \n", "\u3000\u3000a", "a \u00a0 b", " \u00a0a", "\u00a0 a", "a\u2009\u2009b", "\r", "a\rb", "a\r\n\r\nb", "\x0b", "\x0c",
    "Ann asks Ben about the garden, and Ben doesn't mind.", "Zyx Qwv asks nobody.", "ANN ASKS BEN",
    "▁", "▁▁", "a▁b", "▁the", "Ġ", "Ġthe", "Ċ", "âĢĻ", "Ã©", "<0x0A>", "<0xE2><0x82>", "a ⁇ b", " ⁇ ",
    "~`|", "«quoted»", "„quoted“", "‘x’", "‹›", "¿Qué?", "¡Sí!", "ñandú", "œuvre", "łódź", "ŝ", "ș", "ſ",
    "a</s>\n", "\n</s>", "a\t<pad>\tb", "</s>.", ".</s>", "a.</s> b", "</s>'s", "<pad>'s", "<unk>.", "a <unk>. b",
    "stupid printer", "you fool", "get lost", "shut up, Gus", "silly old clown",
    "\u0e33", "\u0cca", "\u1e9b\u0323", "\u212b", "\u2126", "\ufb33", "\u0344", "\uac00\u11a8", "\u0958",
]


def texts(rng):
    out = list(dict.fromkeys(FIXED))
    alphabet = list("abc  \n\t.,'?<>/s#é日😀\u0301\u00a0") + [
        "</s>", "<pad>", "<unk>", "<mask>", "<s>", "<extra_id_3>", "'s", " the", "Ann", "12", "▁", "Ġ"]
    for _ in range(80):
        out.append("".join(rng.choice(alphabet) for _ in range(rng.randint(2, 25))))
    return list(dict.fromkeys(out))


def record(tokenizer, text):
    ids = tokenizer(text)["input_ids"]
    cut = tokenizer(text, truncation=True, max_length=MAX_LENGTH)["input_ids"]
    out = {"text": text, "ids": ids, "decoded": tokenizer.decode(ids)}
    # What equals its neighbour is left out, to keep the files small.
    if cut != ids:
        out["cut"] = cut
    skipped = tokenizer.decode(ids, skip_special_tokens=True)
    if skipped != text:
        out["skipped"] = skipped
    return out


def pair_record(tokenizer, a, b):
    return {
        "a": a, "b": b, "ids": tokenizer(a, b)["input_ids"],
        "cut": tokenizer(a, b, truncation=True, max_length=MAX_LENGTH)["input_ids"],
    }


def decode_record(tokenizer, ids):
    return {"ids": ids, "decoded": tokenizer.decode(ids),
            "skipped": tokenizer.decode(ids, skip_special_tokens=True)}


def golden(tokenizer, rng, sample, limit):
    pairs = [(rng.choice(sample), rng.choice(sample)) for _ in range(40)]
    streams = [[rng.randrange(limit) for _ in range(rng.randint(1, 12))] for _ in range(80)]
    return {
        "vocab_size": len(tokenizer), "max_length": MAX_LENGTH,
        "pad": tokenizer.pad_token_id, "eos": tokenizer.eos_token_id, "unk": tokenizer.unk_token_id,
        "texts": [record(tokenizer, text) for text in sample],
        "pairs": [pair_record(tokenizer, a, b) for a, b in pairs],
        "decodes": [decode_record(tokenizer, ids) for ids in streams],
    }


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def dump(name, value):
    lines = ["{"]
    for key, item in value.items():
        rows = item if isinstance(item, list) else None
        text = compact(item) if rows is None else "[\n" + ",\n".join(map(compact, rows)) + "]"
        lines.append(f"{json.dumps(key)}: {text},")
    lines[-1] = lines[-1].rstrip(",")
    (HERE / name).write_text("\n".join(lines) + "\n}\n")


def main():
    rng = random.Random(7)
    train(corpus(rng))
    sample = texts(rng)
    t5 = T5Tokenizer.from_pretrained(str(HERE / "t5"))
    bpe = RobertaTokenizer.from_pretrained(str(HERE / "bpe"))
    # Sixteen ids above T5's vocabulary: rows that pad an embedding, which a model may emit.
    dump("t5_golden.json", golden(t5, rng, sample, len(t5) + 16))
    dump("bpe_golden.json", golden(bpe, rng, sample, len(bpe)))
    print(len(sample), "texts,", len(t5), "and", len(bpe), "ids")


if __name__ == "__main__":
    main()
