#!/usr/bin/env python3
"""Holds docker/ against the programs: the images' packages carry every library that they load, and
they are no larger than they may be, and compose.yaml uses flags, ports and files that exist.
usage: image_test.py BUILD_FOLDER"""
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

from manifests import flags, help_flags, port_of, value_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
SERVING = ("bin/tact-policy", "bin/tact-reward", "bin/tact-evaluation", "bin/tactctl",
           "lib/libtact_sentencepiece_plugin.so")
IMAGES = {"serving": SERVING, "training": ("bin/tact-trainer",)}
SPARE_SECONDS = 5
MOST_MEGABYTES = 700
BASE_MEGABYTES = 125  # debian:12-slim with packages.base, rounded up


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def listed(name):
    lines = (DOCKER / f"packages.{name}").read_text().splitlines()
    return {line.split("#")[0].strip() for line in lines} - {""}


def packages_of(image):
    lists = ("base", "serving", "training") if image == "training" else ("base", "serving")
    return set().union(*map(listed, lists))


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


def installed_megabytes(packages):
    lines = run("dpkg-query", "-W", "-f", "${Package} ${Installed-Size}\n").splitlines()
    sizes = {name: int(size) for name, size in (line.split() for line in lines)}  # KiB
    return sum(sizes.get(p, 0) for p in closure(packages, dependencies())) * 1024 / 1e6


def collected_megabytes(build):
    """What docker/collect-libraries copies of this machine's libraries for the trainer's image."""
    files = [str(build / f) for f in ("bin/tact-trainer", "bin/tactctl", SERVING[-1])]
    with tempfile.TemporaryDirectory() as folder:
        run(str(DOCKER / "collect-libraries"), "/dev/null", folder, *files)
        there = list(pathlib.Path(folder).rglob("*"))
        lost = [p for p in there if p.is_symlink() and not leads_into(p, folder)]
        if lost or not any(p.parent.name == "status.d" for p in there):
            raise RuntimeError(f"collect-libraries: links that lead nowhere {lost}, or no packages named")
        return sum(p.stat().st_size for p in there if p.is_file() and not p.is_symlink()) / 1e6


def leads_into(link, folder):
    target = link.readlink()
    end = pathlib.Path(folder + str(target)) if target.is_absolute() else link.parent / target
    return end.is_symlink() or end.exists()


def staged_megabytes(build, files):
    models = [p for folder in ("policy", "reward") for p in (ROOT / "models" / folder).rglob("*")]
    return sum(p.stat().st_size for p in [build / f for f in files] + models) / 1e6


def check_sizes(build, serving=installed_megabytes, training=collected_megabytes):
    sizes = {"serving": serving(packages_of("serving")), "training": training(build)}
    for image, size in sizes.items():
        size += BASE_MEGABYTES + staged_megabytes(build, IMAGES[image])
        if size > MOST_MEGABYTES:
            yield f"image {image}: {size:.0f} MB, more than {MOST_MEGABYTES}"


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
    whole = installed_megabytes(packages_of("training"))  # with all that LibTorch depends on
    if len(list(check_sizes(build, lambda _: whole, lambda _: whole))) < 2:
        yield "an image that is too large was not noticed"
    wrong = dict(services["policy"], ports=["7001:7001"], stop_grace_period="10s")
    if len(list(check_compose({"policy": wrong}, build))) < 3:
        yield "a broken service was not noticed"


def main():
    build = pathlib.Path(sys.argv[1])
    services = yaml.safe_load((DOCKER / "compose.yaml").read_text())["services"]
    problems = list(check_compose(services, build))
    if 'VERSION_ID="12"' in pathlib.Path("/etc/os-release").read_text():  # names are those of Debian 12
        problems += [*check_packages(build), *check_sizes(build), *broken(services, build)]
    print(*problems, f"{len(services)} services, {len(problems)} problems", sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
