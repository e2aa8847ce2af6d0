"""Sparkplug B (specification 3.0) as a host application sees it: births with alias tables, data, gaps, rebirths. Pure.

An edge node introduces itself and its devices by births that name their metrics; what follows may carry aliases only,
under a sequence number that runs from 0 to 255 and begins again. Who missed a birth or a number asks for another birth.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from google.protobuf.message import DecodeError

from schemas.dead_letter import Reason
from schemas.identity import SPARKPLUG_PREFIX, Identity
from schemas.sparkplug_pb2 import Metric, Payload
from services.ingest.errors import RejectedError
from services.ingest.readings import Pack, Raw, Value, judge
from services.ingest.registry import DeviceRegistry
from services.ingest.validation import Accepted, Limits, Outcome, Rejected

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
SEQUENCE: Final = 256
REBIRTH_EVERY: Final = timedelta(seconds=10)
"""An edge node is asked for a birth at most so often."""
MOST_METRICS: Final = 20_000
"""Of an edge node with all its devices, between two births of its own."""
REBIRTH: Final = "Node Control/Rebirth"
CONTROLS: Final = ("Node Control/", "Device Control/", "Properties/")
"""Beginnings of metrics that are no readings."""
TAKEN: Final = frozenset({"NBIRTH", "DBIRTH", "NDATA", "DDATA", "NDEATH", "DDEATH"})
BITS: Final[Mapping[int, int]] = {1: 8, 2: 16, 3: 32, 4: 64}
"""Of the signed types Int8 to Int64, which travel as unsigned numbers (section 6.4.16)."""


class Message(NamedTuple):
    """What a topic says: `spBv1.0/{group}/{kind}/{node}[/{device}]`."""

    node: str
    """`group/edge node`."""
    kind: str
    device: str


class Known(NamedTuple):
    """A metric as its birth introduced it."""

    name: str
    datatype: int


class Taken(NamedTuple):
    """What became of a message; `rebirth` is the topic on which a birth should be asked for."""

    identity: Identity | None
    outcomes: Sequence[Outcome]
    rebirth: str | None = None


class _Node:
    """What an edge node has said of itself since its birth."""

    def __init__(self) -> None:
        self.born = False
        self.birth_number: int | None = None
        """`bdSeq`, which the node's death repeats."""
        self.aliases: dict[int, Known] = {}
        self.names: dict[str, int] = {}
        """Data types by name."""
        self.seq: int | None = None
        self.counted = 0
        """Messages that became events, and those that are missing between them."""
        self.asked: datetime | None = None

    def begin(self, birth_number: int | None) -> None:
        """A birth of the node: what was known before is void."""
        self.born, self.birth_number, self.seq = True, birth_number, None
        self.aliases.clear()
        self.names.clear()

    def end(self) -> None:
        """The node's death."""
        self.born, self.seq = False, None

    def missed(self, seq: int) -> int:
        """How many messages are missing before this one."""
        before, self.seq = self.seq, seq
        return 0 if before is None else (seq - before - 1) % SEQUENCE


class SparkplugHost:
    """Follows every registered edge node."""

    def __init__(self, registry: DeviceRegistry) -> None:
        self._registry = registry
        self._nodes: dict[str, _Node] = {}
        self.missed = 0
        """Messages whose numbers were left out."""

    def births(self, now: datetime) -> list[str]:
        """The topics on which every registered edge node is asked for a birth: nothing is known at a start."""
        asked = (self._ask(node, self._node(node), now) for node in self._registry.edge_nodes)
        return [topic for topic in asked if topic]

    def take(self, topic: str, payload: bytes, now: datetime, limits: Limits) -> Taken:
        """The outcomes of one message. Never raises, whatever the bytes are."""
        identity: Identity | None = None
        try:
            message = parse_topic(topic)
            if message is None:
                return Taken(None, ())
            identity = self._registry.edge_nodes.get(message.node)
            if identity is None:
                detail = "no device is registered for this edge node: ahual device register --sparkplug"
                raise RejectedError(Reason.UNKNOWN_DEVICE, detail)
            if len(payload) > limits.max_bytes:
                raise RejectedError(Reason.OVERSIZED, f"{len(payload)} bytes, at most {limits.max_bytes} are taken")
            decoded = _decoded(payload)
            node = self._node(message.node)
            _require_bounded(node, message, decoded)
        except RejectedError as error:
            return Taken(identity, [Rejected(error.reason, error.field, error.detail, payload)])
        if message.kind.endswith("DEATH"):
            self._death(node, message, decoded)
            return Taken(identity, ())
        complete = self._follow(node, message, decoded)
        pack, unknown = _read(node, message, decoded, now)
        outcomes: list[Outcome] = []
        if unknown:
            detail = f"the aliases {_some(unknown)} were not introduced by a birth; one was asked for"
            outcomes.append(Rejected(Reason.UNKNOWN_ALIAS, None, detail, payload))
        if pack.raws:
            judged = judge(identity, pack, topic, payload, now, limits, self._registry)
            node.counted += isinstance(judged[0], Accepted) if judged else 0
            outcomes += judged
        ask = self._ask(message.node, node, now) if unknown or not complete else None
        return Taken(identity, outcomes, ask)

    def _node(self, name: str) -> _Node:
        return self._nodes.setdefault(name, _Node())

    def _death(self, node: _Node, message: Message, payload: Payload) -> None:
        """A death that belongs to an earlier birth comes late and says nothing."""
        if message.kind == "NDEATH" and _birth_number(payload) in (None, node.birth_number):
            node.end()
        elif message.kind == "DDEATH" and payload.HasField("seq"):
            self._count(node, payload.seq)

    def _follow(self, node: _Node, message: Message, payload: Payload) -> bool:
        """Keep the books; whether everything before this message is known."""
        if message.kind == "NBIRTH":
            node.begin(_birth_number(payload))
        whole = self._count(node, payload.seq) if payload.HasField("seq") else True
        if message.kind.endswith("BIRTH"):
            for metric in payload.metrics:
                name = _name(message, metric)
                node.names[name] = metric.datatype
                if metric.HasField("alias"):
                    node.aliases[metric.alias] = Known(name, metric.datatype)
        return whole and node.born

    def _count(self, node: _Node, seq: int) -> bool:
        missed = node.missed(seq)
        node.counted += missed
        self.missed += missed
        return not missed

    @staticmethod
    def _ask(name: str, node: _Node, now: datetime) -> str | None:
        """Where to ask for a birth, unless it was asked for just now."""
        if node.asked is not None and now - node.asked < REBIRTH_EVERY:
            return None
        node.asked = now
        group, _, edge = name.partition("/")
        return f"{SPARKPLUG_PREFIX}{group}/NCMD/{edge}"


def parse_topic(topic: str) -> Message | None:
    """Read a topic; None for commands and states, which are not for us. RejectedError for what is none of Sparkplug."""
    parts = topic.removeprefix(SPARKPLUG_PREFIX).split("/")
    if parts[0] == "STATE" or (len(parts) in (3, 4) and parts[1] in ("NCMD", "DCMD")):
        return None
    if len(parts) != (4 if len(parts) > 1 and parts[1].startswith("D") else 3) or parts[1] not in TAKEN:
        raise RejectedError(Reason.UNKNOWN_TOPIC, "not a topic of Sparkplug B")
    return Message(f"{parts[0]}/{parts[2]}", parts[1], parts[3] if len(parts) == 4 else "")


def node_of(topic: str) -> str:
    """The edge node that publishes on a topic, `group/node`, whatever else is in it."""
    parts = topic.removeprefix(SPARKPLUG_PREFIX).split("/")
    return f"{parts[0]}/{parts[2]}" if len(parts) > 2 else SPARKPLUG_PREFIX  # group, kind, node


def rebirth(now: datetime) -> bytes:
    """The command that asks an edge node for its birth."""
    metric = Metric(name=REBIRTH, datatype=11, boolean_value=True)
    return bytes(Payload(timestamp=(now - EPOCH) // timedelta(milliseconds=1), metrics=[metric]).SerializeToString())


def _decoded(payload: bytes) -> Payload:
    decoded = Payload()
    try:
        decoded.ParseFromString(payload)
    except DecodeError as error:
        raise RejectedError(Reason.NOT_A_PACK, f"not a Sparkplug B payload: {str(error)[:200]}") from error
    return decoded


def _require_bounded(node: _Node, message: Message, payload: Payload) -> None:
    """What births introduce is kept, so there is an end to it."""
    if message.kind.endswith("BIRTH"):
        known = 0 if message.kind == "NBIRTH" else max(len(node.names), len(node.aliases))
        if known + len(payload.metrics) > MOST_METRICS and known + _new(node, message, payload) > MOST_METRICS:
            detail = f"an edge node may introduce {MOST_METRICS} metrics, and these would be more"
            raise RejectedError(Reason.OVERSIZED, detail)


def _new(node: _Node, message: Message, payload: Payload) -> int:
    """How many metrics of a birth nobody has introduced; all of them, at the birth of the node itself."""
    if message.kind == "NBIRTH":
        return len(payload.metrics)
    named = {_name(message, metric) for metric in payload.metrics} - node.names.keys()
    aliased = {metric.alias for metric in payload.metrics if metric.HasField("alias")} - node.aliases.keys()
    return max(len(named), len(aliased))


def _name(message: Message, metric: Metric) -> str:
    return f"{message.device}/{metric.name}" if message.device else metric.name


def _birth_number(payload: Payload) -> int | None:
    for metric in payload.metrics:
        if metric.name == "bdSeq":
            return int(metric.long_value if metric.WhichOneof("value") == "long_value" else metric.int_value)
    return None


def _read(node: _Node, message: Message, payload: Payload, now: datetime) -> tuple[Pack, list[int]]:
    """The readings of a message, and the aliases nobody has introduced."""
    raws: list[Raw] = []
    unknown: list[int] = []
    clockless = False
    for place, metric in enumerate(payload.metrics):
        known = _known(node, message, metric)
        if known is None:
            unknown.append(metric.alias)
        elif not metric.is_null and not _is_control(known.name.removeprefix(f"{message.device}/")):
            moment = _moment(metric) or _moment(payload)
            clockless |= moment is None
            raws.append(Raw(f"metrics[{place}]", known.name, _value(metric, known.datatype), moment or now))
    return Pack(raws, clockless, str(node.counted)), unknown


def _known(node: _Node, message: Message, metric: Metric) -> Known | None:
    if metric.HasField("name"):
        name = _name(message, metric)
        return Known(name, metric.datatype or node.names.get(name, 0))
    return node.aliases.get(metric.alias) if node.born else None


def _is_control(name: str) -> bool:
    return name == "bdSeq" or name.startswith(CONTROLS)


def _moment(stamped: Metric | Payload) -> datetime | None:
    try:
        return EPOCH + timedelta(milliseconds=stamped.timestamp) if stamped.HasField("timestamp") else None
    except OverflowError:
        return None


def _value(metric: Metric, datatype: int) -> Value:
    """The value; signed numbers as what they are. None for what is no reading: bytes, data sets, templates."""
    kind = metric.WhichOneof("value")
    if kind is None or kind == "bytes_value":
        return None
    bits = BITS.get(datatype)
    if bits and kind in ("int_value", "long_value"):
        return _signed(int(getattr(metric, kind)), bits)
    value: Value = getattr(metric, kind)
    return value


def _signed(number: int, bits: int) -> int:
    number &= (1 << bits) - 1
    return number - (1 << bits) if number >> (bits - 1) else number


def _some(aliases: Iterable[int]) -> str:
    listed = sorted(aliases)
    return ", ".join(map(str, listed[:5])) + (f" and {len(listed) - 5} more" if len(listed) > 5 else "")
