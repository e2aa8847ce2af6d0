"""TLS as every process of ours speaks it: one authority to trust, one certificate of its own."""

from __future__ import annotations

import ipaddress
import ssl
from pathlib import Path
from typing import NamedTuple, Self

from sqlalchemy.engine import URL


class OwnCertificate(NamedTuple):
    """The files with which a process shows who it is, to clients and to servers."""

    certificate: Path
    key: Path


def client_context(ca: Path | str, own: OwnCertificate | None = None) -> ssl.SSLContext:
    """For connections: the server must be signed by `ca` and bear the name we called; OSError for unusable files."""
    context = ssl.create_default_context(cafile=ca)
    if own:
        context.load_cert_chain(own.certificate, own.key)
    return context


class DatabaseTls(NamedTuple):
    """A database address without its TLS part, and that part."""

    url: URL
    context: ssl.SSLContext | None

    @classmethod
    def of(cls, url: URL) -> Self:
        """Read `sslmode=verify-full&sslrootcert=FILE` as libpq and asyncpg do; without them the driver decides."""
        mode, ca = url.query.get("sslmode"), url.query.get("sslrootcert")
        bare = url.difference_update_query(("sslmode", "sslrootcert"))
        return cls(bare, client_context(str(ca)) if mode == "verify-full" and ca else None)


def is_private(url: URL) -> bool:
    """Whether nobody between us and this database can read or change what we say: verified TLS or a local socket."""
    verified = url.query.get("sslmode") == "verify-full" and bool(url.query.get("sslrootcert"))
    return verified or (url.host or str(url.query.get("host", ""))).startswith("/")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a listener on this address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
