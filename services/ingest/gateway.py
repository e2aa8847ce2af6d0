"""The MQTT gateway: take in, validate, forward, and acknowledge in order only what Kafka has confirmed.

A rejected message is acknowledged once its dead letter is confirmed, so that it never blocks its device.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from functools import lru_cache
from time import monotonic

from schemas.dead_letter import Reason
from schemas.identity import SHARED_FILTERS, parse_topic
from services.ingest.delivery import Delivery
from services.ingest.forwarder import Forwarder
from services.ingest.mqtt import Broker, MqttSession
from services.ingest.records import Outgoing, outgoing, parcel, rejection
from services.ingest.settings import IngestSettings
from services.ingest.validation import Accepted, Rejected, accept
from services.runtime.clock import Clock
from services.runtime.metrics import Metrics

log = logging.getLogger(__name__)

_parse_topic = lru_cache(65_536)(parse_topic)


class _Held:
    """A message that is not acknowledged yet."""

    __slots__ = ("confirmed", "delivery", "events", "generation", "since")

    def __init__(self, delivery: Delivery, generation: int, since: float) -> None:
        self.delivery = delivery
        self.generation = generation
        self.since = since
        self.events = 0
        self.confirmed = False


class Gateway:
    """Bounded: above `ingest_max_in_flight` unconfirmed messages (or bytes) reading pauses, below half it goes on."""

    def __init__(
        self, settings: IngestSettings, forwarder: Forwarder, clock: Clock, metrics: Metrics, *, retiring: bool = False
    ) -> None:
        self._limits = settings.limits
        self._high = settings.ingest_max_in_flight
        self._high_bytes = settings.ingest_max_in_flight_bytes
        self._drain_s = settings.ingest_drain_s
        self._forwarder = forwarder
        self._clock = clock
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
        self._session = MqttSession(broker, SHARED_FILTERS, self._take, self._lost, retiring=retiring)
        metrics.gauge("ahual_ingest_mqtt_connected").set_function(lambda: self._session.connected)

    @property
    def connected(self) -> bool:
        """Whether the broker delivers to us."""
        return self._session.connected

    async def run(self) -> None:
        """Take messages in until cancelled."""
        await self._session.run()

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
        items = self._outgoing(delivery, held)
        self._forwarder.put(parcel(items, lambda: self._confirmed(held)))

    def _outgoing(self, delivery: Delivery, held: _Held) -> list[Outgoing]:
        now = self._clock()
        topic, payload = delivery.topic, delivery.payload
        try:
            identity, channel = _parse_topic(topic)
        except ValueError as error:
            unknown = Rejected(Reason.UNKNOWN_TOPIC, None, str(error), payload)
            self._count(unknown)
            return [rejection(unknown, topic, None, now)]
        if channel != "events":
            detail = f"the channel {channel} is not taken in yet: publish CloudEvents on …/events"
            unsupported = Rejected(Reason.UNSUPPORTED_CHANNEL, None, detail, payload)
            self._count(unsupported)
            return [rejection(unsupported, topic, identity, now)]
        outcomes = accept(identity, payload, now, self._limits)
        for outcome in outcomes:
            if isinstance(outcome, Accepted):
                held.events += 1
            else:
                self._count(outcome)
        return [outgoing(outcome, topic, identity, now) for outcome in outcomes]

    def _count(self, rejected: Rejected) -> None:
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
        if self._below() and not self._stopping:
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
