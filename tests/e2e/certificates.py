"""Certificates of the tests' own, made by the openssl command."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple


class Identity(NamedTuple):
    """PEM files of a certificate and its private key."""

    certificate: Path
    key: Path


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


class Authority:
    """Signs certificates; its own is `certificate`."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._key = folder / "ca.key"
        self.certificate = folder / "ca.pem"
        _openssl("req", "-x509", *_NEW_KEY, "-days", "2", "-subj", f"/CN={name}",
                 "-keyout", self._key, "-out", self.certificate)  # fmt: skip

    def issue(self, name: str) -> Identity:
        """A certificate with this common name, for a server on this machine or for a client."""
        identity = Identity(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        request = self._folder / f"{name}.csr"
        extensions = self._folder / f"{name}.ext"
        extensions.write_text("subjectAltName = DNS:localhost, IP:127.0.0.1\n")
        _openssl("req", "-new", *_NEW_KEY, "-subj", f"/CN={name}",
                 "-keyout", identity.key, "-out", request)  # fmt: skip
        _openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key,
                 "-CAcreateserial", "-days", "2", "-extfile", extensions,
                 "-out", identity.certificate)  # fmt: skip
        return identity
