"""The authority's folder: `ca.crt`, `ca.key`, `crl.pem`, and per name a `.crt` and a `.key` (0600)."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from deploy.certs import signing
from deploy.certs.signing import Kind, name_of
from deploy.files import locked, write_private

PUBLIC: Final = 0o644
RENEW_BEFORE: Final = timedelta(days=30)
LIST_AGE: Final = timedelta(hours=1)
"""How old a revocation list says it is when it is made, so that lists made in quick succession have room."""
_SLASH: Final = "~"
"""Stands for the slash of a device's name in file names."""


class CertificateError(Exception):
    """What stands in the way, as a key of `schemas/messages/certs.yaml`."""

    def __init__(self, key: str, **params: object) -> None:
        self.key = key
        self.params = params
        super().__init__(f"{key} {params}")


@dataclass(frozen=True, slots=True)
class Issued:
    """One certificate of the folder."""

    name: str
    kind: str
    hosts: tuple[str, ...]
    serial: int
    ends: datetime
    revoked: datetime | None

    def state(self, now: datetime) -> str:
        """`revoked`, `expired`, `due` (to be renewed) or `good`."""
        if self.revoked:
            return "revoked"
        if self.ends <= now:
            return "expired"
        return "due" if self.ends - now < RENEW_BEFORE else "good"


class Authority:
    """Issues, renews and revokes; whatever is repeated finds its work done."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def ca(self) -> Path:
        """The authority's certificate: what clients trust."""
        return self.folder / "ca.crt"

    @property
    def crl(self) -> Path:
        """The list of revoked certificates."""
        return self.folder / "crl.pem"

    def certificate(self, name: str) -> Path:
        """Where the certificate of a name lies."""
        return self.folder / f"{name.replace('/', _SLASH)}.crt"

    def key(self, name: str) -> Path:
        """Where its private key lies."""
        return self.certificate(name).with_suffix(".key")

    def init(self, now: datetime) -> bool:
        """Make the authority; False when there is one already."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._locked():
            if self.ca.exists():
                return False
            key = signing.new_key()
            made = signing.authority(key, "Ahual private authority", now)
            write_private(self.folder / "ca.key", _key_text(key))
            write_private(self.crl, _text(signing.revocation_list(made, key, (), number=1, now=now - LIST_AGE)), PUBLIC)
            # Last: the folder is an authority from here on.
            write_private(self.ca, _text(made), PUBLIC)
            return True

    def issue(self, name: str, kind: Kind, hosts: tuple[str, ...], now: datetime) -> bool:
        """A certificate and key for a name; False when a good one for the same hosts is there already.

        CertificateError: no authority, or a name no certificate can carry.
        """
        with self._locked():
            there = self._found(name)
            same = there and (there.kind, there.hosts) == (kind, hosts)
            if same and there and there.state(now) == "good":
                return False
            self._sign(name, kind, hosts, now)
            return True

    def renew(self, name: str, now: datetime) -> None:
        """A new certificate and key in place of the old; revoked names stay revoked until they are issued again."""
        with self._locked():
            there = self._found(name)
            if there is None or there.revoked:
                raise CertificateError("unknown_name", name=name)
            self._sign(name, "device" if there.kind == "device" else "service", there.hosts, now)

    def revoke(self, name: str, now: datetime) -> bool:
        """Put every certificate a name ever got on the list; False when they stand there already."""
        with self._locked():
            old = self._list()
            known = {entry.serial_number for entry in old}
            serials = [made.serial_number for made in (*self._current(), *self._former()) if name_of(made) == name]
            if not serials:
                raise CertificateError("unknown_name", name=name)
            fresh = [(serial, now) for serial in serials if serial not in known]
            if not fresh:
                return False
            ca, key = self._signer()
            # Of two lists with the same moment OpenSSL keeps the one it had first, and one of the future it refuses.
            moment = max(now - LIST_AGE, old.last_update_utc + timedelta(seconds=1))
            entries = [(entry.serial_number, entry.revocation_date_utc) for entry in old]
            number = old.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number + 1
            made = signing.revocation_list(ca, key, [*entries, *fresh], number=number, now=moment)
            write_private(self.crl, _text(made), PUBLIC)
            return True

    def issued(self) -> list[Issued]:
        """All certificates of the folder by name; CertificateError without an authority."""
        self._require()
        revoked = {entry.serial_number: entry.revocation_date_utc for entry in self._list()}
        return [_described(made, revoked) for made in self._current()]

    def ends(self) -> datetime:
        """When the authority itself ends."""
        self._require()
        return _load(self.ca).not_valid_after_utc

    def _found(self, name: str) -> Issued | None:
        return next((issued for issued in self.issued() if issued.name == name), None)

    def _sign(self, name: str, kind: Kind, hosts: tuple[str, ...], now: datetime) -> None:
        ca, ca_key = self._signer()
        key = signing.new_key()
        try:
            made = signing.certificate(ca, ca_key, key.public_key(), name=name, kind=kind, hosts=hosts, now=now)
        except ValueError as error:
            raise CertificateError("bad_name", name=name, longest=signing.LONGEST_NAME) from error
        self._keep_former(name)
        write_private(self.key(name), _key_text(key))
        write_private(self.certificate(name), _text(made), PUBLIC)

    def _keep_former(self, name: str) -> None:
        """A certificate that was replaced is good until it ends: revoking its name has to find it."""
        path = self.certificate(name)
        if path.exists():
            (self.folder / "former").mkdir(exist_ok=True)
            path.replace(self.folder / "former" / f"{_load(path).serial_number:x}.crt")

    def _current(self) -> list[x509.Certificate]:
        return [_load(path) for path in sorted(self.folder.glob("*.crt")) if path != self.ca]

    def _former(self) -> list[x509.Certificate]:
        return [_load(path) for path in sorted((self.folder / "former").glob("*.crt"))]

    def _signer(self) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        try:
            key = serialization.load_pem_private_key((self.folder / "ca.key").read_bytes(), None)
        except FileNotFoundError as error:
            raise CertificateError("no_key", folder=self.folder) from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise CertificateError("no_key", folder=self.folder)
        return _load(self.ca), key

    def _list(self) -> x509.CertificateRevocationList:
        return x509.load_pem_x509_crl(self.crl.read_bytes())

    def _require(self) -> None:
        if not self.ca.exists():
            raise CertificateError("no_authority", folder=self.folder)

    def _locked(self) -> AbstractContextManager[None]:
        if not self.folder.is_dir():
            raise CertificateError("no_authority", folder=self.folder)
        return locked(self.folder / "lock")


def _load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def _described(made: x509.Certificate, revoked: dict[int, datetime]) -> Issued:
    return Issued(
        name=name_of(made),
        kind=signing.kind_of(made),
        hosts=signing.hosts_of(made),
        serial=made.serial_number,
        ends=made.not_valid_after_utc,
        revoked=revoked.get(made.serial_number),
    )


def _text(made: x509.Certificate | x509.CertificateRevocationList) -> str:
    return made.public_bytes(serialization.Encoding.PEM).decode()


def _key_text(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
