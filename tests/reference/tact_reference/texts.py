"""Self-written texts: dialogues, summaries and prompts from templates, first names only."""

NAMES = "Ann Ben Carla Dora Emil Fay Gus Hana Ivo Jill Kurt Lena Milo Nora Otto Pia".split()
THINGS = "report ticket garden meeting lunch train parcel invoice printer holiday recipe".split()
VERBS = "asks wants sends plans fixes forgets likes calls books checks paints brings".split()
PLACES = ["at the station", "in the kitchen", "after work", "near the lake", "on the second floor"]
FEELINGS = ["glad", "tired", "a bit cross", "curious", "in a hurry", "quite calm", "worried"]
OPENINGS = ["Hello {b}, did you see the {thing}?", "Hi {b}! The {thing} wasn't here at {hour}:30.",
            "{b}, could you bring the {thing} {place}?", "I've lost my {thing} again, {b}.",
            "Good morning {b}. How's the {thing} going?"]
ANSWERS = ["No, {a}. I'm sure they've moved it; we'll look on day {day}!",
           "Sorry, I'm {feeling} today. Let's talk about the {thing} tomorrow.",
           "Yes, it's {place}. You're welcome to take {day} of them.",
           "Don't shout at me about a silly {thing}!",
           "It costs $ {day}.50, I'd say 10 % less than the last {thing}..."]
SUMMARIES = ["{a} asks {b} about the {thing}, and {b} is {feeling}.",
             "{b} tells {a} that the {thing} is {place}.",
             "{a} and {b} talk about a {thing} and agree to meet on day {day}."]
ZERO_SHOT = "\nSummarize the following conversation.\n\n{dialogue}\n\nSummary:\n"
FINE_TUNING = "Summarize the following conversation.\n\n{dialogue}\n\nSummary: "
FEW_SHOT = "\nDialogue:\n\n{dialogue}\n\nWhat was going on?\n"
SHOT_END = "{summary}\n\n\n"


def fields(rng):
    a, b = rng.sample(NAMES, 2)
    return dict(a=a, b=b, thing=rng.choice(THINGS), place=rng.choice(PLACES),
                feeling=rng.choice(FEELINGS), hour=rng.randint(1, 12), day=rng.randint(1, 31))


def dialogue(rng, turns=None):
    """Its text and a summary; the speakers are marked as in the notebook's data."""
    about = fields(rng)
    lines = []
    for turn in range(turns or rng.randint(2, 6)):
        template = rng.choice(ANSWERS if turn % 2 else OPENINGS)
        lines.append(f"#Person{turn % 2 + 1}#: " + template.format(**about))
    return "\n".join(lines), rng.choice(SUMMARIES).format(**about)


def prompts(rng):
    """The notebook's prompts over made dialogues: (name, text)."""
    return list(fill_prompts([dialogue(rng) for _ in range(3)], dialogue(rng)[0]).items())


def fill_prompts(shots, text):
    """For fine-tuning, and for inference with no shot, with one and with several."""
    solved = [FEW_SHOT.format(dialogue=d) + SHOT_END.format(summary=s) for d, s in shots]
    last = FEW_SHOT.format(dialogue=text)
    return {"fine_tuning": FINE_TUNING.format(dialogue=text),
            "zero_shot": ZERO_SHOT.format(dialogue=text),
            "one_shot": solved[0] + last, "few_shot": "".join(solved) + last}


def sentence(rng):
    about = fields(rng)
    kind = rng.choice([OPENINGS, ANSWERS, SUMMARIES,
                       ["{a} {verb} the {thing} {place}.", "{a}'s {thing} (no. {day}) is {place}"]])
    return rng.choice(kind).format(verb=rng.choice(VERBS), **about)


def corpus(rng):
    """What the tokenizers are trained on: the sentences, and some characters of other scripts."""
    lines = []
    for _ in range(700):
        text, summary = dialogue(rng)
        lines += text.split("\n") + [summary, sentence(rng)]
    lines += [FINE_TUNING.format(dialogue="").replace("\n", " "), "What was going on?"] * 20
    lines += ["café naïve résumé über straße", "Привет, мир", "日本語 の テスト"] * 4
    lines += ["“quoted” — dash … done", "100 % of £20 or 30 €", "abcdefghijklmnopqrstuvwxyz"] * 4
    lines += ["A B C D E F G H I J K L M N O P Q R S T U V W X Y Z 0 1 2 3 4 5 6 7 8 9"] * 4
    lines += ["! \" # $ % & ' ( ) * + , - . / : ; = ? @ [ ] ^ _ ` { | } ~"] * 4
    return lines
