"""From what stands in the database to a real mail server and a real web server; restarts, refusals, quiet hours."""

from __future__ import annotations

import email
import hmac
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from pydantic import SecretStr
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.stack import Stack
from schemas import tables
from services.cityscore.catalogue import load_catalogue
from services.notify.main import NOTIFY_LOCK, Notifier, trial
from services.notify.rules import Rules
from services.notify.settings import NotifySettings
from services.runtime.database import open_database
from services.runtime.metrics import Metrics

pytestmark = pytest.mark.stack
SECRET = "a secret of this test"  # noqa: S105
BEGIN = datetime(2027, 3, 9, 9, tzinfo=UTC)
"""14:00 in Almaty."""


@dataclass
class Desk:
    """Who hears of it: a real SMTP and a real HTTP server, and the clock."""

    settings: NotifySettings
    rules: Rules
    mails: list[EmailMessage] = field(default_factory=list)
    posts: list[tuple[str, bytes]] = field(default_factory=list)
    status: int = 204
    now: datetime = BEGIN
    metrics: Metrics = field(default_factory=Metrics)

    async def look(self, engine: AsyncEngine, after: timedelta = timedelta(minutes=1)) -> tuple[int, int]:
        """Messages heard in one look, by mail and by webhook."""
        self.now += after
        before = len(self.mails), len(self.posts)
        await Notifier(engine, self.settings, self.rules, lambda: self.now, self.metrics).once()
        return len(self.mails) - before[0], len(self.posts) - before[1]


class Mailbox:
    """Records what it is given."""

    def __init__(self, mails: list[EmailMessage]) -> None:
        self.mails = mails

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 -- aiosmtpd's name
        message = email.message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.mails.append(message)
        return "250 OK"


RULES: dict[str, Any] = {
    "rules": [
        {"name": "kpi", "kind": "kpi", "kpis": ["2.1"], "below": 0.9, "wait_s": 0, "ways": ["duty", "room"]},
        {"name": "band", "kind": "band", "band": "good", "wait_s": 0, "ways": ["duty"]},
        {"name": "silent", "kind": "silent", "systems": ["heat"], "wait_s": 0, "ways": ["room"]},
        {"name": "sdu", "kind": "overdue", "cities": ["almaty"], "wait_s": 0, "ways": ["room"]},
        {"name": "ledger", "kind": "ledger", "wait_s": 0, "ways": ["room"]},
    ]
}


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@pytest.fixture
def desk(stack: Stack, tmp_path: Path) -> Iterator[Desk]:
    posts: list[tuple[str, bytes]] = []

    class Room(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if made.status < 300:
                posts.append((self.headers["Ahual-Signature"], body))
            self.send_response(made.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    mails: list[EmailMessage] = []
    mail = Controller(Mailbox(mails), hostname="127.0.0.1", port=free_port())
    mail.start()
    with ThreadingHTTPServer(("127.0.0.1", 0), Room) as web:
        thread = threading.Thread(target=web.serve_forever)
        thread.start()
        settings = NotifySettings(
            allow_plaintext=True,
            database_url=SecretStr(stack.database_url("ahual_notify")),
            notify_rules=tmp_path / "rules.yaml",
            notify_smtp_port=mail.port,
            notify_smtp_security="none",
            notify_from="ahual@example.kz",
            notify_webhook_secret=SecretStr(SECRET),
            notify_timeout_s=5,
        )
        ways = {
            "duty": {"kind": "email", "to": ["duty@example.kz"], "language": "kk"},
            "room": {"kind": "webhook", "url": f"http://127.0.0.1:{web.server_port}/", "language": "ru"},
        }
        settings.notify_rules.write_text(json.dumps({**RULES, "ways": ways}), "utf-8")
        made = Desk(settings, Rules.model_validate({**RULES, "ways": ways}), mails, posts)
        yield made
        web.shutdown()
        thread.join()
    mail.stop()


@pytest.fixture
async def notifier(stack: Stack, database: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    """As the account that may do no more than it must."""
    engine = open_database(SecretStr(stack.database_url("ahual_notify")), pool_size=2)
    yield engine
    await engine.dispose()


async def stands(database: AsyncEngine, attainment: float | None, total: float = 80.0) -> None:
    """The newest score of Almaty."""
    catalogue = load_catalogue()
    kpi = {"value": 40.0, "unit": "s", "period": "day", "section": "city_management", "attainment": attainment}
    kpi |= {"weight": 10, "points": 1, "max_points": 2, "freshness": "fresh"}
    snapshot = {"catalogue": {"hash": catalogue.hash}, "total": total, "rating": "good", "kpis": {"2.1": kpi}}
    row = {"city": "almaty", "revision": 1, "computed_at": BEGIN, "snapshot": snapshot}
    version = {"hash": catalogue.hash, "version": "x", "content": catalogue.model_dump(mode="json")}
    async with database.begin() as connection:
        await connection.execute(insert(tables.catalogue_version).values(version).on_conflict_do_nothing())
        statement = insert(tables.cityscore_current).values(row)
        await connection.execute(statement.on_conflict_do_update(index_elements=["city"], set_={"snapshot": snapshot}))


async def test_a_kpi_falls_and_rises_and_each_is_said_once(
    database: AsyncEngine, notifier: AsyncEngine, desk: Desk
) -> None:
    await stands(database, 0.95)
    assert await desk.look(notifier) == (0, 0)
    await stands(database, 0.5)
    assert await desk.look(notifier) == (1, 1)
    assert await desk.look(notifier) == (0, 0)
    await stands(database, 0.95)  # between the limits
    assert await desk.look(notifier) == (0, 0)
    await stands(database, None)  # nobody knows
    assert await desk.look(notifier) == (0, 0)
    await stands(database, 1.0)
    assert await desk.look(notifier) == (1, 1)
    raised, cleared = desk.mails
    assert raised["To"] == "duty@example.kz"
    assert raised["Subject"].startswith("Назар аударыңыз: Алматы, 2.1 Жауапты күтудің орташа уақыты")
    assert "40 сек, мақсат 10, орындалуы 50\N{NO-BREAK SPACE}%" in raised.get_content()
    assert cleared["Subject"].startswith("Қалпына келді")
    assert raised["Message-ID"] != cleared["Message-ID"]


async def test_a_webhook_is_signed_over_time_and_body(database: AsyncEngine, notifier: AsyncEngine, desk: Desk) -> None:
    await stands(database, 0.5)
    await desk.look(notifier)
    ((header, body),) = desk.posts
    stamp, told = (part.partition("=")[2] for part in header.split(","))
    assert int(stamp) == int(desk.now.timestamp())
    assert told == hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, "sha256").hexdigest()
    (notice,) = json.loads(body)["notices"]
    assert (notice["what"], notice["city"], notice["subject"]) == ("raised", "almaty", "2.1")
    assert notice["text"].startswith("Внимание: Алматы, 2.1 Среднее время ожидания ответа")


async def test_every_kind_of_rule_reads_what_stands(database: AsyncEngine, notifier: AsyncEngine, desk: Desk) -> None:
    await stands(database, 1.0, total=74.9)
    real = datetime.now(UTC)
    long_ago = real - timedelta(days=30)
    device = {"city": "almaty", "system": "heat", "device": "d", "partition": 0, "events": 1, "clockless": False}
    device |= dict.fromkeys(("first_seen", "newest_time", "arrived_at", "stored_at"), long_ago)
    device |= {"gaps": [], "drifts": [], "sequence_seen": [], "sequence_lost": 0, "sequence_restarts": 0, "missing": 0}
    offset = {"cluster": "c", "topic_id": "t", "topic": "events", "partition": 3, "first_offset": 0, "next_offset": 9}
    closed = {"city": "almaty", "kpi": "2.1", "period": "day", "revision": 1, "name": "2027-03-08", "weight": 1}
    closed |= {"freshness": "fresh", "catalogue_hash": "", "computed_at": real - timedelta(hours=7)}
    closed |= {"begin": real - timedelta(days=2), "end": real - timedelta(days=1)}
    async with database.begin() as connection:
        await connection.execute(sa.insert(tables.source_device), device)
        await connection.execute(sa.insert(tables.consumer_offset), {**offset, "stored": 7})
        await connection.execute(sa.insert(tables.closed_period), [closed, {**closed, "city": "karaganda"}])
        progress = [{"city": city, "through": real} for city in ("almaty", "karaganda")]
        await connection.execute(sa.insert(tables.delivery_progress), progress)
    assert await desk.look(notifier) == (1, 1)
    assert desk.mails[0]["Subject"] == "Назар аударыңыз: Алматы: CityScore 74,9, рейтинг «Жақсы»"
    said = {notice["kind"]: notice["text"] for notice in json.loads(desk.posts[0][1])["notices"]}
    assert said == {
        "silent": "Внимание: Алматы, Теплоснабжение: молчит источников 1 из 1",
        "overdue": "Внимание: Алматы: просроченных поставок в SDU: 1 (старейшая 2027-03-08)",
        "ledger": "Внимание: events/3: неучтённых записей: 2",
    }


async def test_a_restart_neither_repeats_nor_loses(database: AsyncEngine, notifier: AsyncEngine, desk: Desk) -> None:
    """The room refuses: decided and stored, mail out. Another process goes on, later and later, and says it once."""
    await stands(database, 0.5)
    desk.status = 503
    assert await desk.look(notifier) == (1, 0)
    other = open_database(desk.settings.database_url, pool_size=2)
    try:
        desk.status = 204
        assert await desk.look(other, timedelta(seconds=5)) == (0, 0)  # too soon after the refusal
        assert gauges(desk) == {"waiting": 1, "waiting_seconds": 5}
        assert await desk.look(other, timedelta(seconds=30)) == (0, 1)
        assert gauges(desk) == {"waiting": 0, "waiting_seconds": 0}
        assert await desk.look(other) == (0, 0)
    finally:
        await other.dispose()
    async with database.connect() as connection:
        rows = (await connection.execute(sa.select(tables.notice.c.way, tables.notice.c.attempts))).all()
    assert sorted(tuple(row) for row in rows) == [("duty", 0), ("room", 1)]
    outcomes = [("duty", "sent"), ("duty", "refused"), ("room", "sent"), ("room", "refused")]
    told = desk.metrics.registry.get_sample_value
    counted = [told("ahual_notify_messages_total", {"way": way, "outcome": how}) for way, how in outcomes]
    assert counted == [1, None, 1, 1]


def gauges(desk: Desk) -> dict[str, float]:
    """What Prometheus is told of the room."""
    asked = {name: f"ahual_notify_{name}" for name in ("waiting", "waiting_seconds")}
    found = {name: desk.metrics.registry.get_sample_value(metric, {"way": "room"}) for name, metric in asked.items()}
    return {name: value for name, value in found.items() if value is not None}


async def test_what_is_well_again_by_the_morning_is_never_said(
    database: AsyncEngine, notifier: AsyncEngine, desk: Desk
) -> None:
    quiet = {"begin": "22:00", "end": "07:00"}
    rules = [{**rule, "quiet": quiet} for rule in RULES["rules"]]
    ways = desk.rules.model_dump(mode="json")["ways"]
    desk.rules = Rules.model_validate({"ways": ways, "rules": rules})
    desk.now = datetime(2027, 3, 9, 18, tzinfo=UTC)  # 23:00 in Almaty
    await stands(database, 0.5)
    assert await desk.look(notifier) == (0, 0)
    await stands(database, 1.0)
    assert await desk.look(notifier) == (0, 0)
    assert await desk.look(notifier, timedelta(hours=9)) == (0, 0)
    desk.now = datetime(2027, 3, 10, 18, tzinfo=UTC)
    await stands(database, 0.5)
    assert await desk.look(notifier) == (0, 0)
    assert await desk.look(notifier, timedelta(hours=8)) == (1, 1)  # 07:01: it is still so


async def test_only_one_notifier_works(database: AsyncEngine, notifier: AsyncEngine, desk: Desk) -> None:
    await stands(database, 0.5)
    async with database.connect() as connection:
        await connection.execute(sa.text(f"SELECT pg_advisory_lock({NOTIFY_LOCK}, hashtext(''))"))
        assert await desk.look(notifier) == (0, 0)
        await connection.rollback()
        await connection.execute(sa.text("SELECT pg_advisory_unlock_all()"))
    assert await desk.look(notifier) == (1, 1)


async def test_a_trial_goes_out_by_each_way(desk: Desk) -> None:
    await trial(desk.settings, "duty", lambda: BEGIN)
    await trial(desk.settings, "room", lambda: BEGIN)
    assert desk.mails[0]["Subject"] == "Назар аударыңыз: бұл — сынақ хабары"
    assert json.loads(desk.posts[0][1])["notices"][0]["kind"] == "trial"
