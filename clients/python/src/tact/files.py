"""Files in and out: chunks of an upload, and results that are there whole or not at all."""
from __future__ import annotations

import hashlib
import os
import pathlib
import shutil
import tempfile
from typing import BinaryIO, Iterator, Optional, Union

import grpc

from tact.errors import make_error
from tact.v1.trainer_pb2 import ExportedFile

Path = Union[str, "os.PathLike[str]"]

CHUNK_BYTES = 1 << 20  # the most that the services take in one message


def sha256_of(path: Path) -> str:
    """Lower-case hexadecimal."""
    digest = hashlib.sha256()
    for chunk in chunks_of(path):
        digest.update(chunk)
    return digest.hexdigest()


def chunks_of(path: Path) -> Iterator[bytes]:
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def write_whole(path: Path, chunks: Iterator[bytes]) -> pathlib.Path:
    """The file appears, over one that is there, when the last chunk has come."""
    target = pathlib.Path(path)
    handle, name = tempfile.mkstemp(prefix=target.name + ".", dir=target.parent)
    try:
        with open(handle, "wb") as file:
            file.writelines(chunks)
        os.chmod(name, 0o644)
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise
    return target


class FolderWriter:
    """Files of one export, each checked against its SHA-256; the folder is there after finish() only.

    Raises ValueError for a folder that is there already, DataLoss for a file that did not come whole.
    """

    def __init__(self, folder: Path) -> None:
        self._target = pathlib.Path(folder)
        if self._target.exists():
            raise ValueError("folder: %s exists; name one that does not, nothing is overwritten" % folder)
        self._target.parent.mkdir(parents=True, exist_ok=True)
        self._work = pathlib.Path(tempfile.mkdtemp(prefix=self._target.name + ".", dir=self._target.parent))
        self._open: Optional[BinaryIO] = None
        self._header = ExportedFile()
        self._digest = hashlib.sha256()

    def begin(self, header: ExportedFile) -> None:
        self._end_file()
        if pathlib.Path(header.name).name != header.name:
            raise _damaged("%s is not a plain file name" % header.name)
        self._header, self._digest = header, hashlib.sha256()
        self._open = open(self._work / header.name, "wb")

    def append(self, chunk: bytes) -> None:
        if self._open is None:
            raise _damaged("a chunk came before the first file's header")
        self._digest.update(chunk)
        self._open.write(chunk)

    def finish(self) -> pathlib.Path:
        self._end_file()
        os.chmod(self._work, 0o755)
        self._work.rename(self._target)
        return self._target

    def discard(self) -> None:
        """Leaves nothing of what finish() has not put into place."""
        if self._open is not None:
            self._open.close()
        shutil.rmtree(self._work, ignore_errors=True)

    def _end_file(self) -> None:
        if self._open is None:
            return
        self._open.close()
        self._open = None
        if self._digest.hexdigest() != self._header.sha256:
            raise _damaged("%s: its SHA-256 is %s, expected %s; export again" % (
                self._header.name, self._digest.hexdigest(), self._header.sha256))


def _damaged(what: str) -> Exception:
    return make_error(grpc.StatusCode.DATA_LOSS, what, method="ExportModel")
