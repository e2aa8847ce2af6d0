"""The MQTT gateway: take in, validate, forward, and acknowledge in order only what Kafka has confirmed.

A rejected message is acknowledged once its dead letter is confirmed, so that it never blocks its device.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from time import monotonic
from typing import Final

from schemas.dead_letter import Reason
from schemas.identity import SHARED_FILTERS, SPARKPLUG_FILTER, SPARKPLUG_PREFIX, Identity, parse_topic, topic_of
from services.ingest import sparkplug
from services.ingest.channels import accept_message
from services.ingest.delivery import Delivery
from services.ingest.forwarder import Forwarder
from services.ingest.line import Line
from services.ingest.mqtt import Broker, MqttSession
from services.ingest.privacy import Privacy
from services.ingest.quota import Refusals
from services.ingest.records import Outgoing, outgoing, parcel, rejection
from services.ingest.registry import DeviceRegistry
from services.ingest.settings import IngestSettings
from services.ingest.sparkplug import SparkplugHost
from services.ingest.validation import Accepted, Outcome, Rejected
from services.runtime.clock import Clock
from services.runtime.metrics import Metrics

log = logging.getLogger(__name__)

WATCH_S: Final = 1.0
_parse_topic = lru_cache(65_536)(parse_topic)


class _Held:
    """A message that is not acknowledged yet."""

    __slots__ = ("confirmed", "delivery", "events", "generation", "rejected", "since")

    def __init__(self, delivery: Delivery, generation: int, since: float) -> None:
        self.delivery = delivery
        self.generation = generation
        self.since = since
        self.events = 0
        self.rejected = 0
        self.confirmed = False


class Gateway:
    """Bounded: above `ingest_max_in_flight` unconfirmed messages (or bytes) reading pauses, below half it goes on."""

    def __init__(
        self,
        settings: IngestSettings,
        forwarder: Forwarder,
        registry: DeviceRegistry,
        clock: Clock,
        metrics: Metrics,
        *,
        privacy: Privacy | None = None,
        retiring: bool = False,
    ) -> None:
        self._privacy = privacy or Privacy.nothing()
        self._limits = settings.limits
        self._high = settings.ingest_max_in_flight
        self._high_bytes = settings.ingest_max_in_flight_bytes
        self._drain_s = settings.ingest_drain_s
        self._forwarder = forwarder
        self._registry = registry
        self._clock = clock
        self._quota = settings.device_quota
        self._refusals = Refusals(settings.ingest_quota_kept)
        self._line = Line(
            share=settings.ingest_line_share,
            least=settings.ingest_line_least,
            window_s=60.0,
            pause_s=settings.ingest_line_pause_s,
        )
        self._held: deque[_Held] = deque()
        self._generation = 0
        self._newest = monotonic()
        self._unconfirmed = 0
        self._unconfirmed_bytes = 0
        self._stopping = False
        self._messages = metrics.counter("ahual_ingest_messages_total").labels("mqtt")
        self._events = metrics.counter("ahual_ingest_events_total").labels("mqtt")
        self._rejected = metrics.counter("ahual_ingest_rejected_total")
        self._seconds = metrics.histogram("ahual_ingest_confirm_seconds")
        metrics.gauge("ahual_ingest_line_stopped").set_function(lambda: self._line.stopped(monotonic()))
        metrics.gauge("ahual_ingest_in_flight").set_function(lambda: self._unconfirmed)
        broker = Broker(
            host=settings.mqtt_host,
            port=settings.mqtt_port,
            username=settings.mqtt_username,
            password=settings.mqtt_password,
            client_id=settings.mqtt_client_id,
            keepalive_s=settings.mqtt_keepalive_s,
            receive_maximum=settings.ingest_max_in_flight,
            tls=settings.client_tls(),
        )
        self._host = SparkplugHost(registry)
        follows = settings.mqtt_client_id == settings.mqtt_sparkplug_client_id and not retiring
        filters = (*SHARED_FILTERS, SPARKPLUG_FILTER) if follows else SHARED_FILTERS
        found = self._found if follows else None
        self._session = MqttSession(broker, filters, self._take, self._lost, found, retiring=retiring)
        metrics.gauge("ahual_ingest_sparkplug_missed").set_function(lambda: self._host.missed)
        metrics.gauge("ahual_ingest_mqtt_connected").set_function(lambda: self._session.connected)

    @property
    def connected(self) -> bool:
        """Whether the broker delivers to us."""
        return self._session.connected

    @property
    def stopped(self) -> bool:
        """Whether the line is stopped because nearly everything is rejected."""
        return self._line.stopped(monotonic())

    async def run(self) -> None:
        """Take messages in until cancelled."""
        watching = asyncio.create_task(self._watch())
        try:
            await self._session.run()
        finally:
            watching.cancel()

    async def _watch(self) -> None:
        """Start the line again when its pause is over, and tell of refused messages that were not kept."""
        while True:
            await asyncio.sleep(WATCH_S)
            if self._below() and not self._stopping and not self.stopped:
                self._session.resume()
            for sender, number in self._refusals.not_kept(monotonic()).items():
                if isinstance(sender, Identity):
                    self._tell(sender, number)

    def _tell(self, sender: Identity, number: int) -> None:
        detail = f"{number} more messages within a minute were over the device's quota and are not kept"
        refused = Rejected(Reason.OVER_QUOTA, None, detail, b"")
        letter = rejection(refused, topic_of(sender, "events"), sender, self._clock(), self._privacy.sealer)
        self._forwarder.put(parcel([letter], _nobody))

    async def emptied(self, quiet_s: float) -> None:
        """Wait until the broker, connected, has delivered nothing for so long and all it delivered is confirmed."""
        self._newest = monotonic()
        while self._unconfirmed or monotonic() - self._newest < quiet_s:
            if not self.connected:
                self._newest = monotonic()
            await asyncio.sleep(0.1)

    async def stop(self, *, end_session: bool = False) -> None:
        """Stop reading, wait for Kafka, acknowledge what it confirmed, disconnect.

        The broker keeps the session, and what waits in it, unless it is to end here.
        """
        self._stopping = True
        self._session.pause()
        if not await self._forwarder.flush(self._drain_s):
            log.warning("stopped before Kafka confirmed everything; the broker delivers the rest again")
        await self._session.close(end_session=end_session)

    def _take(self, delivery: Delivery) -> None:
        self._newest = monotonic()
        held = _Held(delivery, self._generation, self._newest)
        self._held.append(held)
        self._unconfirmed += 1
        self._messages.inc()
        self._unconfirmed_bytes += len(delivery.payload)
        if self._unconfirmed >= self._high or self._unconfirmed_bytes >= self._high_bytes:
            self._session.pause()
        items = self._judged(delivery, held)
        if held.events or held.rejected:
            self._line.count(_sender(delivery.topic), good=held.events, bad=held.rejected, now=self._newest)
        if self.stopped:
            self._session.pause()
        if items:
            self._forwarder.put(parcel(items, lambda: self._confirmed(held)))
        else:
            self._confirmed(held)

    def _judged(self, delivery: Delivery, held: _Held) -> list[Outgoing]:
        """What goes to Kafka. A defect of ours must not stop everybody: such a message is a dead letter too."""
        try:
            return self._outgoing(delivery, held)
        except Exception as error:  # whatever it is; its text may quote the message
            where = traceback.extract_tb(error.__traceback__)[-1]
            what = f"{type(error).__name__} in {Path(where.filename).name}:{where.lineno}"
            log.error("a message could not be judged: a defect", extra={"topic": delivery.topic, "reason": what})
            held.events = held.rejected = 0
            failed = Rejected(Reason.GATEWAY_FAILED, None, f"{what}: replay it after an update", delivery.payload)
            sender = _sender(delivery.topic)
            identity = sender if isinstance(sender, Identity) else self._registry.edge_nodes.get(sender)
            return self._counted(held, [failed], delivery.topic, identity, self._clock())

    def _outgoing(self, delivery: Delivery, held: _Held) -> list[Outgoing]:
        now = self._clock()
        topic, payload = delivery.topic, delivery.payload
        if topic.startswith(SPARKPLUG_PREFIX):
            return self._sparkplug(delivery, held, now)
        sealer = self._privacy.sealer
        try:
            identity, channel = _parse_topic(topic)
        except ValueError as error:
            unknown = Rejected(Reason.UNKNOWN_TOPIC, None, str(error), payload)
            self._count(held, unknown)
            return [rejection(unknown, topic, None, now, sealer)]
        if not self._quota.take(identity, len(payload), self._newest):
            self._rejected.labels(Reason.OVER_QUOTA.value).inc()
            detail = "the device sends more than its quota: send less often, or have ingest_device_rate raised"
            refused = Rejected(Reason.OVER_QUOTA, None, detail, payload)
            return [rejection(refused, topic, identity, now, sealer)] if self._refusals.keep(identity) else []
        outcomes = accept_message(
            identity,
            channel,
            payload,
            now,
            self._limits,
            self._registry,
            content_type=delivery.content_type,
            pseudonyms=self._privacy.pseudonyms,
        )
        return self._counted(held, outcomes, topic, identity, now)

    def _sparkplug(self, delivery: Delivery, held: _Held, now: datetime) -> list[Outgoing]:
        topic, payload = delivery.topic, delivery.payload
        node = _sender(topic)  # not the topic: its last part is the node's to choose
        if not self._quota.take(node, len(payload), self._newest):
            self._rejected.labels(Reason.OVER_QUOTA.value).inc()
            refused = Rejected(Reason.OVER_QUOTA, None, "the edge node sends more than its quota", payload)
            kept = self._refusals.keep(node)
            return [rejection(refused, topic, None, now, self._privacy.sealer)] if kept else []
        taken = self._host.take(topic, payload, now, self._limits)
        if taken.rebirth:
            self._session.publish(taken.rebirth, sparkplug.rebirth(now))
        return self._counted(held, taken.outcomes, topic, taken.identity, now)

    def _found(self) -> None:
        """What was said while nobody listened is not known: every edge node introduces itself."""
        now = self._clock()
        for topic in self._host.births(now):
            self._session.publish(topic, sparkplug.rebirth(now))

    def _counted(
        self, held: _Held, outcomes: Sequence[Outcome], topic: str, identity: Identity | None, now: datetime
    ) -> list[Outgoing]:
        for outcome in outcomes:
            if isinstance(outcome, Accepted):
                held.events += 1
            else:
                self._count(held, outcome)
        return [outgoing(outcome, topic, identity, now, self._privacy.sealer) for outcome in outcomes]

    def _count(self, held: _Held, rejected: Rejected) -> None:
        held.rejected += 1
        self._rejected.labels(rejected.reason.value).inc()

    def _confirmed(self, held: _Held) -> None:
        held.confirmed = True
        self._unconfirmed -= 1
        self._unconfirmed_bytes -= len(held.delivery.payload)
        self._events.inc(held.events)
        self._seconds.observe(monotonic() - held.since)
        # A packet identifier of an earlier connection may by now name another message.
        if held.generation == self._generation:
            self._acknowledge()
        if self._below() and not self._stopping and not self.stopped:
            self._session.resume()

    def _below(self) -> bool:
        return self._unconfirmed <= self._high // 2 and self._unconfirmed_bytes <= self._high_bytes // 2

    def _acknowledge(self) -> None:
        """PUBACK the confirmed ones from the front: MQTT wants them in the order of the messages."""
        while self._held and self._held[0].confirmed:
            delivery = self._held.popleft().delivery
            if delivery.qos:
                self._session.ack(delivery)

    def _lost(self) -> None:
        """The broker delivers again whatever this connection has not acknowledged."""
        self._generation += 1
        self._held.clear()


def _sender(topic: str) -> Identity | str:
    """Who answers for a message: a device whatever its channel, an edge node (`group/node`) whatever its device."""
    if topic.startswith(SPARKPLUG_PREFIX):
        return sparkplug.node_of(topic)
    try:
        return _parse_topic(topic)[0]
    except ValueError:
        return topic


def _nobody() -> None:
    """Nothing waits for this one's arrival."""
