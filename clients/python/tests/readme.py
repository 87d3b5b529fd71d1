"""The code of README.md: all blocks of python, in order, as one program.

usage: readme.py            prints it
       readme.py --write    runs it, block by block, and puts what each printed into the block of text behind it
"""
import contextlib
import io
import pathlib
import re
import sys

README = pathlib.Path(__file__).resolve().parents[1] / "README.md"
BLOCK = re.compile(r"^```python\n(.*?)^```\n(```text\n)?(?(2).*?^```)", re.S | re.M)


def blocks():
    return [block.group(1) for block in BLOCK.finditer(README.read_text(encoding="utf-8"))]


def write():
    names = {}

    def run(block):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(block.group(1), names)
        return "```python\n%s```\n```text\n%s```" % (block.group(1), printed.getvalue())
    README.write_text(BLOCK.sub(run, README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write()
    else:
        print("\n".join(blocks()), end="")
