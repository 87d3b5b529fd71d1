"""Build backend: setuptools, after protoc has made tact/v1 from the repository's protos.

Nothing that is generated is committed. A source distribution holds what was made, so that it can be built
without the repository.
"""
import importlib.metadata
import pathlib
import sys

from setuptools import build_meta
from setuptools.build_meta import get_requires_for_build_sdist, get_requires_for_build_wheel  # noqa: F401

HERE = pathlib.Path(__file__).resolve().parent
PROTOS = HERE.parents[1] / "proto"
PACKAGE = HERE / "src"
DEPENDENCIES = HERE / "dependencies.txt"
# ranks.proto is between the trainer's own processes.
NAMES = ("common", "policy", "reward", "trainer", "evaluation")


def generate():
    """Writes src/tact/v1/*_pb2.py, *_pb2.pyi, *_pb2_grpc.py and dependencies.txt."""
    if not PROTOS.is_dir():
        if not DEPENDENCIES.is_file():
            raise SystemExit("%s: no such folder; build from a clone of the repository" % PROTOS)
        return
    from grpc_tools import protoc
    well_known = pathlib.Path(protoc.__file__).parent / "_proto"
    arguments = ["protoc", "-I%s" % PROTOS, "-I%s" % well_known]
    arguments += ["--%s=%s" % (kind, PACKAGE) for kind in ("python_out", "pyi_out", "grpc_python_out")]
    if protoc.main(arguments + [str(PROTOS / "tact/v1" / (name + ".proto")) for name in NAMES]):
        raise SystemExit("protoc failed")
    DEPENDENCIES.write_text("".join(dependencies()), encoding="utf-8")


def dependencies():
    # Generated code refuses a runtime that is older than its generator.
    yield "grpcio>=%s\n" % importlib.metadata.version("grpcio-tools")
    for requirement in importlib.metadata.requires("grpcio-tools") or ():
        if requirement.startswith("protobuf"):
            yield requirement + "\n"


def _after_generating(hook):
    def run(*arguments, **keywords):
        generate()
        return hook(*arguments, **keywords)
    return run


prepare_metadata_for_build_wheel = _after_generating(build_meta.prepare_metadata_for_build_wheel)
prepare_metadata_for_build_editable = _after_generating(build_meta.prepare_metadata_for_build_editable)
build_wheel = _after_generating(build_meta.build_wheel)
build_editable = _after_generating(build_meta.build_editable)
build_sdist = _after_generating(build_meta.build_sdist)

if __name__ == "__main__":
    sys.exit(generate())
