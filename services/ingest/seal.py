"""Payloads of dead letters, sealed with the installation's public key: nobody without the private one reads them.

A sealed payload is

    magic "AHUALS1\\0" · recipient 8 B · ephemeral public key 32 B · nonce 12 B · ciphertext and tag

The ciphertext is ChaCha20-Poly1305 under HKDF-SHA256 (salt: both public keys; info: "ahual dead letter 1") of X25519
between the ephemeral and the installation's key; the recipient is the beginning of the SHA-256 of the latter. Topic and
sender are authenticated, so nobody can move a payload to another one. Inside: the payload's SHA-256 (32 B), its topic's
length (2 B) and topic, and as much of the payload as is kept.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from services.ingest.errors import KeyFileError, SealError

MAGIC: Final = b"AHUALS1\0"
INFO: Final = b"ahual dead letter 1"
LETTERS_PER_KEY: Final = 65_536
"""After so many a sealer takes another ephemeral key, so that a flood of letters costs no key exchange each."""
_END: Final = "-----END PRIVATE KEY-----"


class Opened(NamedTuple):
    """What was in a sealed payload."""

    sha256: str
    topic: str
    payload: bytes


class Sealer:
    """Seals for one public key."""

    def __init__(self, public: X25519PublicKey) -> None:
        self._public = public
        self._left = 0
        self._head = b""
        self._cipher = ChaCha20Poly1305(bytes(32))

    @classmethod
    def read(cls, path: Path) -> Sealer:
        """Of a PEM file; KeyFileError when there is no X25519 public key in it."""
        try:
            key = load_pem_public_key(path.read_bytes())
        except OSError as error:
            raise KeyFileError(f"{path}: {error.strerror}") from None
        except (ValueError, UnsupportedAlgorithm):
            raise KeyFileError(f"{path}: no public key in PEM") from None
        if not isinstance(key, X25519PublicKey):
            raise KeyFileError(f"{path}: not an X25519 key; `ahual privacy init` makes one")
        return cls(key)

    def seal(self, payload: bytes, kept: int, topic: str, sender: str) -> bytes:
        """The first `kept` bytes of a payload, and the hash of all of it."""
        if not self._left:
            self._renew()
        self._left -= 1
        nonce = self._left.to_bytes(12, "big")
        named = topic.encode()[:65_535]
        inside = b"".join((hashlib.sha256(payload).digest(), len(named).to_bytes(2, "big"), named, payload[:kept]))
        return self._head + nonce + self._cipher.encrypt(nonce, inside, _bound(self._head, sender))

    def _renew(self) -> None:
        ephemeral = X25519PrivateKey.generate()
        own = _raw(ephemeral.public_key())
        recipient = _raw(self._public)
        self._head = MAGIC + _recipient(recipient) + own
        self._cipher = _cipher(ephemeral.exchange(self._public), own, recipient)
        self._left = LETTERS_PER_KEY


class Opener:
    """Opens what was sealed for any of its private keys."""

    def __init__(self, *keys: X25519PrivateKey) -> None:
        self._keys = {_recipient(_raw(key.public_key())): key for key in keys}

    @classmethod
    def read(cls, path: Path) -> Opener:
        """Of a PEM file with one or more private keys, for instance the present and the former one."""
        try:
            blocks = [block + _END for block in path.read_text("ascii").split(_END)[:-1]]
            keys = [load_pem_private_key(block.strip().encode(), None) for block in blocks]
        except OSError as error:
            raise KeyFileError(f"{path}: {error.strerror}") from None
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise KeyFileError(f"{path}: no private key in PEM") from None
        fitting = [key for key in keys if isinstance(key, X25519PrivateKey)]
        if not keys or len(fitting) < len(keys):
            raise KeyFileError(f"{path}: not an X25519 private key; `ahual privacy init` makes one")
        return cls(*fitting)

    def open(self, sealed: bytes, sender: str) -> Opened:
        """What was sealed. SealError when it was for another key, or it or its sender was changed."""
        head, nonce, rest = sealed[:48], sealed[48:60], sealed[60:]
        key = self._keys.get(head[8:16])
        if not is_sealed(sealed) or key is None:
            raise SealError("sealed for another key")
        own = head[16:]
        cipher = _cipher(key.exchange(X25519PublicKey.from_public_bytes(own)), own, _raw(key.public_key()))
        try:
            inside = cipher.decrypt(nonce, rest, _bound(head, sender))
        except InvalidTag:
            raise SealError("changed after it was sealed") from None
        end = 34 + int.from_bytes(inside[32:34], "big")
        return Opened(inside[:32].hex(), inside[34:end].decode(errors="replace"), inside[end:])


def is_sealed(payload: bytes) -> bool:
    """Whether this is a sealed payload; what gateways of older releases and scorers keep is not."""
    return payload.startswith(MAGIC) and len(payload) >= 60


def new_pair() -> tuple[str, str]:
    """A private and its public key in PEM."""
    key = X25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def _cipher(shared: bytes, ephemeral: bytes, recipient: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(HKDF(SHA256(), 32, salt=ephemeral + recipient, info=INFO).derive(shared))


def _raw(key: X25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _recipient(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()[:8]


def _bound(head: bytes, sender: str) -> bytes:
    return head + sender.encode()
