"""What training.py and generation.py share: how a program of the bench is run."""
import json
import os
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent


def environment(**more):
    """Without what is set for tests and slows OpenBLAS."""
    slow = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
    return {**{key: value for key, value in os.environ.items() if key not in slow}, **more}


def json_of(command, **variables):
    """The last line that `command` prints, read as JSON; it must succeed."""
    result = subprocess.run(command, text=True, stdout=subprocess.PIPE,
                            env=environment(**variables))
    if result.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: exit {result.returncode}")
    return json.loads(result.stdout.splitlines()[-1])
