#!/usr/bin/env python3
"""Holds docker/ against the programs: the images' packages carry every library that they load, and
compose.yaml uses flags, ports and files that exist.
usage: image_test.py BUILD_FOLDER"""
import pathlib
import re
import subprocess
import sys

import yaml

from manifests import flags, help_flags, port_of, value_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
SERVING = ("bin/tact-policy", "bin/tact-reward", "bin/tact-evaluation", "bin/tactctl",
           "lib/libtact_sentencepiece_plugin.so")
IMAGES = {"serving": SERVING, "training": ("bin/tact-trainer",)}
SPARE_SECONDS = 5


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def listed(name):
    lines = (DOCKER / f"packages.{name}").read_text().splitlines()
    return {line.split("#")[0].strip() for line in lines} - {""}


def packages_of(image):
    return listed("serving") | (listed("training") if image == "training" else set())


def dependencies():
    """package -> packages that it needs, of all that are installed here"""
    lines = run("dpkg-query", "-W", "-f", "${Package}\t${Depends}, ${Pre-Depends}\n").splitlines()
    return {line.split("\t")[0]: set(re.findall(r"(?:^|[,|]\s*)([a-z0-9][a-z0-9+.-]*)", line.split("\t")[1]))
            for line in lines}


def closure(packages, needs):
    found, ahead = set(), set(packages)
    while ahead:
        found |= ahead
        ahead = set().union(*(needs.get(p, set()) for p in ahead)) - found
    return found


def owner(path):
    """The package of a library; Debian has moved /lib to /usr/lib, and packages know it by either name."""
    for name in (path, path.removeprefix("/usr"), str(pathlib.Path(path).resolve())):
        found = subprocess.run(["dpkg", "-S", name], capture_output=True, text=True)
        if found.returncode == 0:
            return found.stdout.split(":")[0]
    return None


def libraries(file):
    """name -> path of the libraries that a file asks for itself."""
    asked = set(re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-d", str(file))))
    return {name: path for name, path in re.findall(r"(\S+) => (\S+)", run("ldd", str(file)))
            if name in asked}


def check_packages(build, packages_of_image=packages_of):
    needs = dependencies()
    for image, files in IMAGES.items():
        there = closure(packages_of_image(image), needs)
        for file in files:
            for name, path in libraries(build / file).items():
                if owner(path) not in there:
                    yield f"image {image}: {file} loads {name} of {owner(path)}, which no list has"


def check_compose(services, build):
    for name, service in services.items():
        yield from check_published(name, service)
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith(".") and not (DOCKER / source).exists():
                yield f"compose: {name} mounts {source}, which is not there"
        if service["command"][0].startswith("tact-") if "command" in service else False:
            yield from check_service(name, service, build)


def check_published(name, service):
    for port in service.get("ports", []):
        if not port.startswith("127.0.0.1:"):
            yield f"compose: {name} publishes {port} beyond loopback"
    if not service.get("read_only") or service.get("cap_drop") != ["ALL"]:
        yield f"compose: {name} has a root that can be written, or capabilities"


def check_service(name, service, build):
    program, *arguments = service["command"]
    known, _ = help_flags(run(str(build / "bin" / program), "--help"))
    for flag, value in flags(arguments):
        if flag not in known:
            yield f"compose: {program} has no flag {flag}"
    http = port_of(value_of(arguments, "--http-address"))
    if service["healthcheck"]["test"][-1] != str(http):
        yield f"compose: the health of {name} is asked at {service['healthcheck']['test'][-1]}, not {http}"
    published = {int(p.split(":")[-1]) for p in service["ports"]}
    if published != {http, port_of(value_of(arguments, "--address"))}:
        yield f"compose: {name} publishes {sorted(published)}"
    grace = int(service["stop_grace_period"].removesuffix("s"))
    if grace < float(value_of(arguments, "--drain-seconds")) + SPARE_SECONDS:
        yield f"compose: {name} is killed before it has drained"


def broken(services, build):
    """Changes that must be noticed."""
    without = {"serving": listed("serving") - {"libzip4"}, "training": listed("serving")}
    if len(list(check_packages(build, without.get))) < 2:
        yield "a package that was left out was not noticed"
    wrong = dict(services["policy"], ports=["7001:7001"], stop_grace_period="10s")
    if len(list(check_compose({"policy": wrong}, build))) < 3:
        yield "a broken service was not noticed"


def main():
    build = pathlib.Path(sys.argv[1])
    services = yaml.safe_load((DOCKER / "compose.yaml").read_text())["services"]
    problems = list(check_compose(services, build))
    if 'VERSION_ID="12"' in pathlib.Path("/etc/os-release").read_text():  # names are those of Debian 12
        problems += [*check_packages(build), *broken(services, build)]
    print(*problems, f"{len(services)} services, {len(problems)} problems", sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
