"""Mail over STARTTLS and TLS with a login, against a real server; who cannot prove itself is not told anything."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from pydantic import SecretStr, ValidationError

from deploy.certs.authority import Authority
from services.notify import senders
from services.notify.errors import WayError
from services.notify.outbox import Letter
from services.notify.rules import EmailWay
from services.notify.settings import NotifySettings
from tests.notify.test_notifying import Mailbox, free_port

NOW = datetime.now(UTC)
PASSWORD = "of this test only"  # noqa: S105
WAY = EmailWay(kind="email", to=("duty@example.kz",), language="kk")
LETTERS = [Letter(7, "trial", "trial", "", "", "raised", NOW, {})]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(tmp_path_factory.mktemp("authority"))
    made.init(NOW)
    made.issue("mail", "service", ("127.0.0.1",), NOW)
    made.issue("elsewhere", "service", ("mail.example.kz",), NOW)
    return made


@contextmanager
def server(authority: Authority, security: str, name: str = "mail") -> Iterator[tuple[int, list[EmailMessage]]]:
    """Its port, and what it was given: only over TLS and after a login."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(authority.certificate(name), authority.key(name))
    mails: list[EmailMessage] = []
    kept: dict[str, Any] = {"authenticator": _knows, "auth_required": True}
    if security == "starttls":
        kept |= {"tls_context": tls, "require_starttls": True}
    else:
        kept |= {"ssl_context": tls, "auth_require_tls": False}  # which is there, but aiosmtpd only knows of STARTTLS
    controller = Controller(Mailbox(mails), hostname="127.0.0.1", port=free_port(), **kept)
    controller.start()
    try:
        yield controller.port, mails
    finally:
        controller.stop()


def _knows(_server: object, _session: object, _envelope: object, _kind: str, given: object) -> AuthResult:
    known = isinstance(given, LoginPassword) and (given.login, given.password) == (b"ahual", PASSWORD.encode())
    return AuthResult(success=known, handled=False)


def settings(authority: Authority, port: int, security: str, **other: Any) -> NotifySettings:
    told: dict[str, Any] = {
        "database_url": SecretStr("postgresql+asyncpg://nobody@db/none?sslmode=verify-full&sslrootcert=ca.crt"),
        "notify_rules": Path("rules.yaml"),
        "notify_smtp_port": port,
        "notify_smtp_security": security,
        "notify_smtp_user": "ahual",
        "notify_smtp_password": SecretStr(PASSWORD),
        "tls_ca_file": authority.ca,
        "notify_timeout_s": 5,
    }
    return NotifySettings(**{**told, **other})


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_mail_goes_out_over_tls_after_a_login(authority: Authority, security: str) -> None:
    with server(authority, security) as (port, mails):
        await senders.send(settings(authority, port, security), "duty", WAY, LETTERS, NOW)
    (mail,) = mails
    assert mail["Subject"] == "Назар аударыңыз: бұл — сынақ хабары"
    assert mail["Message-ID"] == "<ahual-duty-7-7@localhost>"


@pytest.mark.parametrize(
    ("name", "other", "problem"),
    [
        ("mail", {"tls_ca_file": None}, "certificate verify failed"),
        ("elsewhere", {}, "certificate verify failed"),
        ("mail", {"notify_smtp_password": SecretStr("another")}, "535"),
        ("mail", {"notify_smtp_user": ""}, "530"),
    ],
    ids=["unknown authority", "another server's certificate", "wrong password", "no login"],
)
async def test_who_cannot_prove_itself_is_not_told(
    authority: Authority, name: str, other: dict[str, Any], problem: str
) -> None:
    with server(authority, "starttls", name) as (port, mails), pytest.raises(WayError, match=problem):
        await senders.send(settings(authority, port, "starttls", **other), "duty", WAY, LETTERS, NOW)
    assert mails == []


async def test_a_server_without_starttls_is_told_nothing(authority: Authority) -> None:
    mails: list[EmailMessage] = []
    controller = Controller(Mailbox(mails), hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        with pytest.raises(WayError, match="STARTTLS"):
            await senders.send(settings(authority, controller.port, "starttls"), "duty", WAY, LETTERS, NOW)
    finally:
        controller.stop()
    assert mails == []


def test_plain_mail_is_for_this_machine_or_a_demo(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AHUAL_ALLOW_PLAINTEXT", "false")
    settings(authority, 25, "none", notify_smtp_host="127.0.0.1")
    with pytest.raises(ValidationError, match="notify_smtp_security"):
        settings(authority, 25, "none", notify_smtp_host="mail.example.kz")
    with pytest.raises(ValidationError, match="metrics_host"):
        settings(authority, 25, "starttls", metrics_host="0.0.0.0")  # noqa: S104
    settings(authority, 25, "none", notify_smtp_host="mail", allow_plaintext=True)
