"""Trains the two tokenizers and saves them as Hugging Face folders without paths of the machine."""
import json
import tempfile

import sentencepiece
from tokenizers import ByteLevelBPETokenizer
from transformers import AutoTokenizer, RobertaTokenizer, RobertaTokenizerFast
from transformers import T5Tokenizer, T5TokenizerFast

CLASSES = {"t5": (T5Tokenizer, T5TokenizerFast),
           "roberta": (RobertaTokenizer, RobertaTokenizerFast)}


def train(out, lines):
    with tempfile.TemporaryDirectory() as folder:
        model, files = f"{folder}/spiece.model", (f"{folder}/vocab.json", f"{folder}/merges.txt")
        train_unigram(lines, model)
        train_bpe(lines, folder)
        save(T5TokenizerFast(model, extra_ids=100), T5Tokenizer(model, extra_ids=100),
             out.path("tokenizers/t5"))
        save(RobertaTokenizerFast(*files), RobertaTokenizer(*files), out.path("tokenizers/roberta"))


def train_unigram(lines, path):
    """As T5's: pad, eos and unk are 0, 1 and 2, no bos, no byte fallback, nmt_nfkc.

    Through iterator and writer, because the trainer writes the paths it is given into the model.
    """
    with open(path, "wb") as file:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(lines), model_writer=file, vocab_size=316, model_type="unigram",
            pad_id=0, eos_id=1, unk_id=2, bos_id=-1, byte_fallback=False, character_coverage=1.0,
            hard_vocab_limit=False, normalization_rule_name="nmt_nfkc", num_threads=1,
            minloglevel=2)


def train_bpe(lines, folder):
    """As RoBERTa's: its four special tokens come first, <mask> comes last."""
    bpe = ByteLevelBPETokenizer(add_prefix_space=False)
    bpe.train_from_iterator(lines, vocab_size=560, show_progress=False,
                            special_tokens=["<s>", "<pad>", "</s>", "<unk>"])
    bpe.save_model(folder)
    vocab = bpe.get_vocab()
    vocab["<mask>"] = len(vocab)
    with open(f"{folder}/vocab.json", "w", encoding="utf-8") as file:
        json.dump(dict(sorted(vocab.items(), key=lambda item: item[1])), file, ensure_ascii=False)


def save(fast, slow, folder):
    """The slow one writes its vocabulary files, the fast one tokenizer.json."""
    slow.save_pretrained(folder)
    fast.save_pretrained(folder)
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text())
    for key in ("name_or_path", "vocab_file", "special_tokens_map_file", "tokenizer_file"):
        config.pop(key, None)
    path.write_text(json.dumps(config, indent=2) + "\n")


def load(folder):
    slow, fast = (kind.from_pretrained(str(folder)) for kind in CLASSES[folder.name])
    return slow, fast, AutoTokenizer.from_pretrained(str(folder))
