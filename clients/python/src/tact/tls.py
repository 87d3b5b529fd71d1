"""TLS from files: who signed the services, and who this caller is."""
from __future__ import annotations

import dataclasses
import os
import pathlib
from typing import Optional, Union

import grpc

Path = Union[str, "os.PathLike[str]"]


@dataclasses.dataclass(frozen=True)
class Tls:
    """PEM files, read when a connection is first made.

    Attributes:
      ca: the certificates that the services are signed by.
      cert: the caller's own certificate, whose organisational unit is its role; for services that ask for one.
      key: the private key of `cert`.
      server_name: the name that the services' certificates must carry; None takes the host of the address.
    """
    ca: Path
    cert: Optional[Path] = None
    key: Optional[Path] = None
    server_name: Optional[str] = None

    @classmethod
    def from_environment(cls) -> Optional["Tls"]:
        """Of TACT_CA, TACT_CERT and TACT_KEY, as tactctl reads them; None without TACT_CA."""
        ca = os.environ.get("TACT_CA")
        return cls(ca, os.environ.get("TACT_CERT"), os.environ.get("TACT_KEY")) if ca else None

    def credentials(self) -> grpc.ChannelCredentials:
        """Raises ValueError that names the file and the cure."""
        if (self.cert is None) != (self.key is None):
            raise ValueError("tls: cert and key belong together; give both, or neither")
        return grpc.ssl_channel_credentials(
            root_certificates=_read("ca", self.ca),
            private_key=None if self.key is None else _read("key", self.key),
            certificate_chain=None if self.cert is None else _read("cert", self.cert))


def _read(name: str, path: Path) -> bytes:
    try:
        data = pathlib.Path(path).read_bytes()
    except OSError as error:
        raise ValueError("tls.%s: %s: %s; scripts/make-certs makes such files" % (
            name, os.fspath(path), error.strerror)) from None
    if b"-----BEGIN " not in data:
        raise ValueError("tls.%s: %s: holds no PEM; convert it with openssl" % (name, os.fspath(path)))
    return data
