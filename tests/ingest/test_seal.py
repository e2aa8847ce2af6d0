"""What is sealed opens with the private key only, and only as what it was."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.ingest import seal
from services.ingest.errors import KeyFileError, SealError
from services.ingest.seal import Opener, Sealer, is_sealed, new_pair

PRIVATE = X25519PrivateKey.generate()
OPENER = Opener(PRIVATE)
SENDER = "karaganda/parking/gate-1"


def sealed(payload: bytes = b"plate 123ABC02", sender: str = SENDER) -> bytes:
    return Sealer(PRIVATE.public_key()).seal(payload, 65_536, "a/topic", sender)


def test_it_opens_as_what_it_was() -> None:
    opened = OPENER.open(sealed(), SENDER)
    assert opened == (hashlib.sha256(b"plate 123ABC02").hexdigest(), "a/topic", b"plate 123ABC02")
    assert is_sealed(sealed(b""))
    assert not is_sealed(b"{}")


def test_nothing_of_it_can_be_read() -> None:
    assert b"123ABC02" not in sealed()
    assert sealed() != sealed()


def test_the_format_is_the_documented_one() -> None:
    """Opened step by step as the module's text says, with nothing of the module but its magic and info."""
    box = sealed()
    recipient = PRIVATE.public_key().public_bytes_raw()
    assert box[:8] == seal.MAGIC == b"AHUALS1\0"
    assert box[8:16] == hashlib.sha256(recipient).digest()[:8]
    ephemeral = box[16:48]
    shared = PRIVATE.exchange(X25519PublicKey.from_public_bytes(ephemeral))
    key = HKDF(SHA256(), 32, salt=ephemeral + recipient, info=b"ahual dead letter 1").derive(shared)
    inside = ChaCha20Poly1305(key).decrypt(box[48:60], box[60:], box[:48] + SENDER.encode())
    assert inside[34 : 34 + 7] == b"a/topic"
    assert inside[41:] == b"plate 123ABC02"


@pytest.mark.parametrize("place", [0, 8, 16, 48, 60, -1])
def test_a_changed_byte_anywhere_is_noticed(place: int) -> None:
    box = bytearray(sealed())
    box[place] ^= 1
    with pytest.raises(SealError):
        OPENER.open(bytes(box), SENDER)


def test_it_cannot_be_moved_to_another_sender() -> None:
    with pytest.raises(SealError):
        OPENER.open(sealed(), "karaganda/parking/gate-2")


@pytest.mark.parametrize("length", [0, 7, 59, 60, 75])
def test_a_cut_one_is_refused(length: int) -> None:
    with pytest.raises(SealError):
        OPENER.open(sealed()[:length], SENDER)


def test_nonces_never_repeat_under_one_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "LETTERS_PER_KEY", 3)
    sealer = Sealer(PRIVATE.public_key())
    boxes = [sealer.seal(b"x", 1, "t", SENDER) for _ in range(8)]
    assert len({box[:60] for box in boxes}) == 8
    assert len({box[16:48] for box in boxes}) == 3
    assert all(OPENER.open(box, SENDER).payload == b"x" for box in boxes)


def test_files_with_the_present_and_the_former_key(tmp_path: Path) -> None:
    pairs = [new_pair(), new_pair()]
    (tmp_path / "both").write_text(pairs[0][0] + pairs[1][0])
    opener = Opener.read(tmp_path / "both")
    for _, public in pairs:
        (tmp_path / "public").write_text(public)
        box = Sealer.read(tmp_path / "public").seal(b"x", 1, "t", SENDER)
        assert opener.open(box, SENDER).payload == b"x"
        with pytest.raises(SealError):
            OPENER.open(box, SENDER)


@pytest.mark.parametrize("content", ["", "nonsense", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_files_that_hold_no_key(tmp_path: Path, content: str) -> None:
    (tmp_path / "key").write_text(content)
    for read in (Sealer.read, Opener.read):
        with pytest.raises(KeyFileError, match="key"):
            read(tmp_path / "key")
        with pytest.raises(KeyFileError, match="No such file"):
            read(tmp_path / "none")
