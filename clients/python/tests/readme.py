"""The code of README.md: all blocks of python, in order, as one program."""
import pathlib
import re

README = pathlib.Path(__file__).resolve().parents[1] / "README.md"


def code():
    return "\n".join(re.findall(r"^```python\n(.*?)^```$", README.read_text(encoding="utf-8"), re.S | re.M))


if __name__ == "__main__":
    print(code(), end="")
