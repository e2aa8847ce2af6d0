"""Hostile payloads, endless and from a seed: valid events bent in every way a broken or evil sender bends them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any, Final

import cbor2

EXAMPLES: Final = Path(__file__).parents[2] / "schemas" / "examples"
CORPUS: Final = Path(__file__).parent / "corpus"

NASTY: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 1.5, -0.0, 10**400, -(2**63) - 1, 2**64, 1e308, [], {}, [[]], {"": ""}),
    *("", " ", "\x00", "\u202e", "\ud800", "\uffff", "a" * 70_000, "🜚" * 200, "../../etc/passwd", "$(id)", "%s%n"),
    *("'; DROP TABLE city; --", "{{7*7}}", "<script>alert(1)</script>", "ahual/v1/+/#", "\r\nX: y", "NaN", "null"),
    *("0000-00-00T00:00:00Z", "9999-12-31T23:59:60Z", "2026-02-30T00:00:00Z", "2026-01-01", "1e9", "now"),
    *("2026-01-01T00:00:00+99:99", "-2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000000000000001Z"),
)
LITERALS: Final = (b"NaN", b"-Infinity", b"1e999999", b"0x10", b"01", b"'a'", b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80")


def examples() -> list[dict[str, Any]]:
    """Every valid and invalid example of the schemas."""
    return [json.loads(file.read_text("utf-8")) for file in sorted(EXAMPLES.rglob("*.json"))]


def corpus(way: str = "mqtt") -> list[bytes]:
    """What once was, or might be, a problem on this way in."""
    return [file.read_bytes() for file in sorted((CORPUS / way).glob("*.bin"))]


def payloads(seed: int) -> Iterator[bytes]:
    """Without end; the same ones for the same seed."""
    rng = Random(f"hostile/{seed}")
    events, known = examples(), corpus()
    while True:
        bend = rng.choice(BENDS)
        yield bend(rng, rng.choice(events))
        if known and rng.random() < 0.02:
            yield rng.choice(known)


def packs(seed: int) -> Iterator[bytes]:
    """SenML packs, in JSON and CBOR, bent in the same ways; without end."""
    rng = Random(f"packs/{seed}")
    known = corpus("senml")
    good = [cbor2.loads(pack) if pack[0] & 0x80 else json.loads(pack) for pack in known if _is_pack(pack)]
    while True:
        if rng.random() < 0.1:  # as it is
            yield rng.choice(known)
            continue
        records = list(rng.choice(good))
        place = rng.randrange(len(records))
        label = rng.choice([*records[place], "n", "v", "t", "bt", "bn", "vs", 0, 2, 6, -3])
        records[place] = {**records[place], label: rng.choice(NASTY)}
        yield _damaged(rng, _encoded(rng, records))


def _is_pack(pack: bytes) -> bool:
    """Whether it can be read, to be bent."""
    try:
        read = cbor2.loads(pack) if pack[:1] >= b"\x80" else json.loads(pack)
        return bool(read) and all(isinstance(record, dict) and record for record in read)
    except (ValueError, TypeError, cbor2.CBORError, RecursionError, ArithmeticError):
        return False


def _encoded(rng: Random, records: list[Any]) -> bytes:
    """In one of the two forms; in the other where that one cannot say it."""
    forms: list[Callable[[Any], bytes]] = [_dumped, cbor2.dumps]
    rng.shuffle(forms)
    for form in forms:
        with suppress(TypeError, ValueError, cbor2.CBORError):
            return form(records)
    return b"[]"


def _damaged(rng: Random, pack: bytes) -> bytes:
    if rng.random() < 0.5:  # every other one
        return pack
    raw = bytearray(pack)
    raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
    return bytes(raw[: rng.randrange(len(raw))] if rng.random() < 0.3 else raw)  # some are cut


def _dumped(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _paths(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield before
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths(inner, (*before, key))


def _put(value: Any, path: tuple[Any, ...], change: Callable[[Any], Any]) -> Any:
    if not path:
        return change(value)
    return {**value, path[0]: _put(value[path[0]], path[1:], change)}


def _replaced(rng: Random, event: dict[str, Any]) -> bytes:
    return _dumped(_put(event, rng.choice(list(_paths(event))), lambda _old: rng.choice(NASTY)))


def _removed(rng: Random, event: dict[str, Any]) -> bytes:
    path = rng.choice([found for found in _paths(event) if found] or [()])
    gone = path[-1] if path else None
    return _dumped(_put(event, path[:-1], lambda old: {k: v for k, v in old.items() if k != gone}))


def _added(rng: Random, event: dict[str, Any]) -> bytes:
    path = rng.choice([found for found in _paths(event) if isinstance(_at(event, found), dict)])
    return _dumped(_put(event, path, lambda old: {**old, str(rng.choice(NASTY))[:100]: rng.choice(NASTY)}))


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def _doubled(rng: Random, event: dict[str, Any]) -> bytes:
    """The same member twice, with two values."""
    raw = _dumped(event)
    return b'{"%s":%s,' % (rng.choice(list(event)).encode(), _dumped(rng.choice(NASTY))) + raw[1:]


def _cut(rng: Random, event: dict[str, Any]) -> bytes:
    raw = _dumped(event)
    return raw[: rng.randrange(len(raw))]


def _flipped(rng: Random, event: dict[str, Any]) -> bytes:
    raw = bytearray(_dumped(event))
    for _ in range(rng.randrange(1, 8)):
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
    return bytes(raw)


def _spliced(rng: Random, event: dict[str, Any]) -> bytes:
    raw = _dumped(event)
    at = rng.randrange(len(raw))
    return raw[:at] + rng.choice(LITERALS) + raw[at + rng.randrange(3) :]


def _nested(rng: Random, event: dict[str, Any]) -> bytes:
    depth = rng.choice((30, 200, 2_000, 100_000))
    opening, closing = rng.choice(((b"[", b"]"), (b'{"a":', b"}")))
    deep = opening * depth + b"1" + closing * rng.choice((depth, depth - 1))
    return _dumped(event).replace(b'"data": ', b'"data": ' + deep + b',"x": ', 1) if rng.random() < 0.5 else deep


def _array(rng: Random, event: dict[str, Any]) -> bytes:
    some: list[Any] = [
        rng.choice((event, {}, [], None, 7, "x", rng.choice(NASTY))) for _ in range(rng.randrange(0, 20))
    ]
    return _dumped(some)


def _long(rng: Random, event: dict[str, Any]) -> bytes:
    return _dumped([event] * rng.choice((100, 500))) if rng.random() < 0.5 else b" " * rng.choice((1, 300_000))


def _noise(rng: Random, _event: dict[str, Any]) -> bytes:
    return rng.randbytes(rng.randrange(0, 400))


def _spaced(rng: Random, event: dict[str, Any]) -> bytes:
    blank = rng.choice(("\t", "\n", "\ufeff", "\u00a0", "\u2028", " " * 1000))
    return (blank + json.dumps(event, indent=rng.randrange(5)) + blank).encode()


BENDS: Final = (
    *(_replaced, _replaced, _replaced, _removed, _added, _doubled, _cut, _flipped, _flipped, _spliced, _array),
    *(_noise, _spaced),
)
HEAVY: Final = (_nested, _long)


def heavy(seed: int) -> Iterator[bytes]:
    """Deep and long ones, a hundred times as costly to look at."""
    rng = Random(f"heavy/{seed}")
    events = examples()
    while True:
        yield rng.choice(HEAVY)(rng, rng.choice(events))
