"""Ed25519 (RFC 8032): the installation signs its manifests, anybody with its public key can check them."""

from __future__ import annotations

from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from services.export.errors import KeyFileError


def generate() -> tuple[bytes, bytes]:
    """A new private and its public key, PEM."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), public


def private_key(path: Path) -> Ed25519PrivateKey:
    """Raises KeyFileError."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise KeyFileError("no_private_key", path=path) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError("no_private_key", path=path)
    return key


def public_key(path: Path) -> Ed25519PublicKey:
    """Raises KeyFileError."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise KeyFileError("no_public_key", path=path) from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFileError("no_public_key", path=path)
    return key


def is_signed(key: Ed25519PublicKey, signature: bytes, content: bytes) -> bool:
    """Whether the holder of the private key signed exactly this."""
    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True
