#!/usr/bin/env python3
"""Shows deploy/systemd to systemd itself, which need not run for that: `systemd-analyze verify` must have
nothing to say of the four units, and must object to units that are broken on purpose; flags must exist.
usage: units_test.py BIN_FOLDER. Ends with 77 (skipped) where there is no systemd."""
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

from manifests import flags, help_flags, value_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNITS = ROOT / "deploy/systemd"
SYSTEM_UNITS = pathlib.Path("/usr/lib/systemd/system")
MOST_EXPOSURE = 15  # of 100; systemd calls all below 20 OK
BREAKS = {  # a piece of the unit -> what stands there instead
    "ProtectClock=": "ProtectClok=",
    "RestartSec=2": "RestartSec=soon",
    "/opt/tact/bin/tact-%i": "/opt/tact/bin/tact%i",
    "DynamicUser=yes": "DynamicUser=perhaps",
}


def names():
    return sorted(p.stem for p in UNITS.glob("*.env"))


def verify(unit_text):
    """What systemd says of the four units in a root that has nothing but them and systemd's own."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        shutil.copytree(SYSTEM_UNITS, root / "usr/lib/systemd/system", symlinks=True)
        (root / "lib").symlink_to("usr/lib")
        shutil.copytree(UNITS, root / "etc/tact", ignore=lambda *_: ["tact@.service"])
        for path in ("etc/systemd/system", "opt/tact/bin"):
            (root / path).mkdir(parents=True)
        for name in names():
            (root / f"etc/systemd/system/tact@{name}.service").write_text(unit_text)
            shutil.copy("/bin/true", root / f"opt/tact/bin/tact-{name}")
        out = subprocess.run(["systemd-analyze", "verify", "--man=no", f"--root={root}",
                              *(f"tact@{name}.service" for name in names())], capture_output=True, text=True)
        said = (out.stdout + out.stderr).replace(folder, "").strip()
        return said.splitlines() or ([] if out.returncode == 0 else [f"exit code {out.returncode}"])


def check_flags(unit_text, programs):
    stop = int(re.search(r"^TimeoutStopSec=(\d+)$", unit_text, re.M).group(1))
    for name in names():
        line = (UNITS / f"{name}.env").read_text().strip()
        arguments = shlex.split(shlex.split(line)[0].removeprefix("FLAGS="))
        known, _ = help_flags(subprocess.run([programs / f"tact-{name}", "--help"], check=True,
                                             capture_output=True, text=True).stdout)
        yield from (f"{name}.env: no flag {flag}" for flag, _ in flags(arguments) if flag not in known)
        if float(value_of(arguments, "--drain-seconds")) >= stop:
            yield f"{name}.env: killed after {stop} s, before it has drained"


def exposure():
    out = subprocess.run(["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSURE}",
                          "--no-pager", UNITS / "tact@.service"], capture_output=True, text=True)
    print(out.stdout.strip().splitlines()[-1].lstrip("→ "))
    return [] if out.returncode == 0 else [f"more exposed than {MOST_EXPOSURE / 10}"]


def unnoticed(unit_text):
    for piece, instead in BREAKS.items():
        if not verify(unit_text.replace(piece, instead)):
            yield f"a unit broken on purpose was not noticed: {instead}"


def main():
    if not shutil.which("systemd-analyze") or not SYSTEM_UNITS.is_dir():
        print("systemd is not installed")
        return 77
    text = (UNITS / "tact@.service").read_text()
    problems = [*verify(text), *check_flags(text, pathlib.Path(sys.argv[1])), *exposure(), *unnoticed(text)]
    print(*problems, f"{len(names())} units, {len(BREAKS)} broken ones, {len(problems)} problems", sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
