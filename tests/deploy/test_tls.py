"""The whole way of an event with TLS on every listener, for real; and what is refused there."""

from __future__ import annotations

import asyncio
import gc
import ssl
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from socket import create_connection

import httpx2
import pytest
import sqlalchemy as sa
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from pydantic import SecretStr
from typer.testing import CliRunner

from deploy.certs.authority import Authority
from deploy.stack import Stack
from deploy.stack.topics import ensure_topics
from schemas import tables
from schemas.identity import Identity, parse_identity
from schemas.topics import DEAD_LETTERS, EVENTS, load_topics
from services.cli.key import add_key
from services.cli.main import build
from services.runtime.clock import utc_now
from services.runtime.database import open_database
from services.runtime.kafka import open_producer, security
from services.runtime.tls import OwnCertificate, client_context
from simulators.publisher import Publisher
from tests.deploy.test_lifecycle import free_ports
from tests.ingest.events import call, encoded
from tests.installation import Installation, own_stack, services_on
from tests.waiting import eventually

pytestmark = pytest.mark.stack
DENIED = (TopicAuthorizationFailedError, GroupAuthorizationFailedError)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Everything we have, over TLS."""
    folder = tmp_path_factory.mktemp("tls") / "stack"
    with own_stack(folder, free_ports(), cache=Path(".stack-cache"), tls=True) as stack, services_on(stack) as running:
        yield running
    stack.wipe()


async def stored(installation: Installation) -> int:
    engine = open_database(installation.database_url, pool_size=1)
    try:
        async with engine.connect() as connection:
            count = sa.select(sa.func.count()).select_from(tables.ledgers["department"])
            return await connection.scalar(count) or 0
    finally:
        await engine.dispose()


async def test_from_device_and_department_to_the_api(installation: Installation) -> None:
    stack, now = installation.stack, utc_now()
    trust = client_context(stack.authority.ca)
    device = Identity(installation.city, "contact-centre", "pbx-1")
    ((_, password),) = installation.passwords([device]).items()
    publisher = await Publisher.connect(
        "localhost", stack.ports.mqtt, device, password, lambda _payload, _sent: None, tls=trust
    )
    for number in range(100):
        event = call(f"mqtt-{number}", device, now - timedelta(seconds=number))
        await publisher.send(encoded(event), 0.0, 50)
    await publisher.drained()
    await publisher.close()

    engine = open_database(installation.database_url, pool_size=1)
    key = await add_key(engine, Identity(installation.city, "contact-centre", "billing"))
    await engine.dispose()
    assert key
    batch = [call(f"http-{number}", Identity(installation.city, "contact-centre", "x"), now) for number in range(100)]
    headers = {"Authorization": f"Bearer {key.text}", "Content-Type": "application/cloudevents-batch+json"}
    async with httpx2.AsyncClient(verify=trust, trust_env=False, timeout=20) as client:
        url = f"https://localhost:{stack.ports.ingest_http}/v1/events"

        async def accepted() -> bool:
            return (await client.post(url, content=encoded(batch), headers=headers)).status_code == 200

        await eventually(accepted)

        async def all_stored() -> bool:
            return await stored(installation) == 200

        await eventually(all_stored)

        async def scored() -> bool:
            measured = await client.get(f"{installation.api}/api/v1/cities/{installation.city}/kpis/2.1")
            return measured.status_code == 200 and '"denominator":200' in measured.text.replace(" ", "")

        await eventually(scored, within_s=30)


LISTENERS = ("mqtt", "mqtt_internal", "mqtt_certificate", "kafka", "kafka_controller", "api", "ingest_http")


@pytest.mark.parametrize("name", LISTENERS)
def test_a_listener_shows_a_certificate_of_ours(installation: Installation, name: str) -> None:
    stack = installation.stack
    context = client_context(stack.authority.ca)
    port = getattr(stack.ports, name)
    with (
        create_connection(("127.0.0.1", port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as taken,
    ):
        assert taken.version() in ("TLSv1.3", "TLSv1.2")
    stranger = ssl.create_default_context()
    with create_connection(("127.0.0.1", port), timeout=5) as plain, pytest.raises(ssl.SSLCertVerificationError):
        stranger.wrap_socket(plain, server_hostname="127.0.0.1")


@pytest.mark.parametrize("name", LISTENERS)
def test_nothing_is_said_in_plain_text(installation: Installation, name: str) -> None:
    """Neither HTTP nor MQTT nor Kafka gets an answer that is not TLS's (an alert, type 21) or an end."""
    hello = {
        "api": b"GET / HTTP/1.0\r\n\r\n",
        "ingest_http": b"GET / HTTP/1.0\r\n\r\n",
        "kafka": bytes.fromhex("00000013 0012 0000 00000001 0009") + b"stranger1",
        "kafka_controller": bytes.fromhex("00000013 0012 0000 00000001 0009") + b"stranger1",
    }.get(name, bytes.fromhex("100c 00044d515454 0402 003c 0000"))
    with create_connection(("127.0.0.1", getattr(installation.stack.ports, name)), timeout=5) as plain:
        plain.sendall(hello)
        try:
            answer = plain.recv(100)
        except OSError:
            return
        assert answer[:1] in (b"", b"\x15"), answer


def test_the_database_refuses_plain_text(installation: Installation) -> None:
    plain = installation.database_url.get_secret_value().partition("?")[0]
    psql = installation.stack.program_path("psql")
    url = plain.replace("postgresql+asyncpg", "postgresql")
    argv = [str(psql), f"{url}?sslmode=disable", "-c", "SELECT 1"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode
    assert "no encryption" in done.stderr


# asyncpg leaves the connection that failed to the garbage collector, which we call before the next test.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
async def test_the_database_must_be_signed_by_our_authority(installation: Installation, tmp_path: Path) -> None:
    other = tmp_path / "other"
    Authority(other).init(utc_now())
    url = installation.database_url.get_secret_value()
    engine = open_database(SecretStr(url.replace(str(installation.stack.authority.ca), str(other / "ca.crt"))))
    try:
        with pytest.raises(ssl.SSLCertVerificationError):
            async with engine.connect():
                pass
    finally:
        await engine.dispose()
        gc.collect()


async def test_a_certificate_is_an_account_and_only_its_own(installation: Installation) -> None:
    stack = installation.stack
    device = f"{installation.city}/contact-centre/meter-1"
    stack.authority.issue(device, "device", (), utc_now())
    publish = [str(stack.program_path("mosquitto_pub")), "-h", "localhost", "-p", str(stack.ports.mqtt_certificate)]
    publish += ["--cafile", str(stack.authority.ca), "-V", "5", "-q", "1"]
    own = ["--cert", str(stack.authority.certificate(device)), "--key", str(stack.authority.key(device))]
    before = await stored(installation)
    event = encoded(call("by-certificate", parse_identity(device), utc_now())).decode()

    def told(topic: str, who: list[str]) -> str:
        argv = [*publish, *who, "-t", topic, "-m", event]
        return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=20).stderr

    assert told(f"ahual/v1/{device}/events", own) == ""
    assert "Not authorized" in told(f"ahual/v1/{installation.city}/contact-centre/pbx-1/events", own)
    assert told(f"ahual/v1/{device}/events", []) != "", "without a certificate nobody gets in"
    assert told(f"ahual/v1/{device}/events", ["-u", device, "-P", "x"]) != ""

    async def arrived() -> bool:
        return await stored(installation) == before + 1

    await eventually(arrived)


async def consumed(stack: Stack, account: str, topic: str) -> None:
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=stack.kafka_bootstrap, group_id="ahual-stranger", **security(stack.client_tls(account))
    )
    try:
        await consumer.start()
        await asyncio.wait_for(consumer.getone(), 10)
    finally:
        await consumer.stop()


async def produced(stack: Stack, account: str, topic: str) -> None:
    producer = open_producer(stack.kafka_bootstrap, client_id="stranger", tls=stack.client_tls(account))
    await producer.start()
    try:
        await producer.send_and_wait(topic, b"{}", partition=0)
    finally:
        await producer.stop()


FORBIDDEN = [
    (consumed, "ingest", EVENTS),
    (consumed, "scorer", EVENTS),  # its own topic, but another group than its own
    (consumed, "api", EVENTS),
    (produced, "scorer", EVENTS),
    (produced, "scorer", DEAD_LETTERS),
    (produced, "api", EVENTS),
    (produced, "ingest", "__consumer_offsets"),
]


@pytest.mark.parametrize(("attempt", "account", "topic"), FORBIDDEN)
async def test_kafka_refuses_an_account_what_is_not_its_work(
    installation: Installation, attempt: Callable[[Stack, str, str], Awaitable[None]], account: str, topic: str
) -> None:
    with pytest.raises(DENIED):
        await attempt(installation.stack, account, topic)


async def test_kafka_knows_no_device(installation: Installation) -> None:
    """A device's certificate is signed by the same authority, and gives no right."""
    installation.stack.authority.issue("city/x/ingest", "device", (), utc_now())
    with pytest.raises(DENIED):
        await produced(installation.stack, "city/x/ingest", EVENTS)


async def test_rules_that_nobody_declared_are_removed(installation: Installation) -> None:
    stack = installation.stack
    more = load_topics()[EVENTS].model_copy(update={"producers": ("ingest", "api")})
    await ensure_topics(stack.kafka_bootstrap, [more, load_topics()[DEAD_LETTERS]], stack.client_tls())
    await produced(stack, "api", EVENTS)
    await ensure_topics(stack.kafka_bootstrap, tls=stack.client_tls())
    with pytest.raises(DENIED):
        await produced(stack, "api", EVENTS)


async def test_a_revoked_certificate_is_out_and_no_other(installation: Installation) -> None:
    stack = installation.stack
    names = [f"{installation.city}/contact-centre/{name}" for name in ("gone", "stays")]

    def ahual(*words: str) -> None:
        ports = {f"AHUAL_PORT_{name.upper()}": str(port) for name, port in stack.ports.model_dump().items()}
        done = CliRunner().invoke(build("device"), ["device", *words], env=stack.env() | ports)
        assert done.exit_code == 0, done.output

    lost: list[str] = []

    def connected(name: str) -> Client:
        client = Client(CallbackAPIVersion.VERSION2, "", protocol=MQTTv5, reconnect_on_failure=False)
        files = stack.authority.certificate(name), stack.authority.key(name)
        client.tls_set_context(client_context(stack.authority.ca, OwnCertificate(*files)))
        client.on_disconnect = lambda *_: lost.append(name)
        client.connect("localhost", stack.ports.mqtt_certificate)
        client.loop_start()
        return client

    async def up(client: Client) -> None:
        async def answered() -> bool:
            return client.is_connected()

        await eventually(answered, within_s=10)

    for name in names:
        await asyncio.to_thread(ahual, "add", name, "--certificate")
    gone, stays = [await asyncio.to_thread(connected, name) for name in names]
    await up(gone)
    await up(stays)
    await asyncio.to_thread(ahual, "revoke", names[0])

    async def cut() -> bool:
        return lost == [names[0]]

    await eventually(cut, within_s=3)
    gone.loop_stop()
    again = await asyncio.to_thread(connected, names[0])
    await asyncio.sleep(1)
    assert not again.is_connected()
    again.loop_stop()

    await asyncio.to_thread(ahual, "rotate", names[1])

    async def cut_too() -> bool:
        return lost[-1] == names[1]

    await eventually(cut_too, within_s=3)
    stays.loop_stop()
    renewed = await asyncio.to_thread(connected, names[1])
    await up(renewed)
    renewed.disconnect()
    renewed.loop_stop()
