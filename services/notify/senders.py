"""Out by e-mail (Python's own smtplib) and webhook (httpx2, signed). Both can be told twice and say so by an id.

The signature is `Ahual-Signature: t=…,v1=…`, the hexadecimal HMAC-SHA256 over `t` (seconds since 1970), a full stop and
the body.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import smtplib
import ssl
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

import httpx2

from services.notify import letters as words
from services.notify.errors import WayError
from services.notify.outbox import Letter
from services.notify.rules import EmailWay, WebhookWay
from services.notify.settings import NotifySettings


async def send(
    settings: NotifySettings, name: str, way: EmailWay | WebhookWay, letters: Sequence[Letter], now: datetime
) -> None:
    """All of them as one message. Raises WayError."""
    if isinstance(way, EmailWay):
        await asyncio.to_thread(_mail, settings, mail(settings, name, way, letters, now))
    else:
        await _post(settings, way, json.dumps(content(name, way, letters), ensure_ascii=False).encode(), now)


def mail(settings: NotifySettings, name: str, way: EmailWay, letters: Sequence[Letter], now: datetime) -> EmailMessage:
    """The same letters always have the same Message-ID, by which a mailbox knows a repeated one."""
    message = EmailMessage(policy=SMTP)
    message["From"] = settings.notify_from
    message["To"] = ", ".join(way.to)
    message["Subject"] = words.subject(letters, way.language)[:200]
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{identity(name, letters)}@{settings.notify_from.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = way.language
    message.set_content(words.body(letters, way.language))
    return message


def content(name: str, way: WebhookWay, letters: Sequence[Letter]) -> dict[str, Any]:
    """The webhook's JSON."""
    return {
        "id": identity(name, letters),
        "label": "operational_estimate",
        "notices": [
            {
                "id": letter.id,
                "rule": letter.rule,
                "kind": letter.kind,
                "what": letter.what,
                "city": letter.city,
                "subject": letter.subject,
                "at": letter.at.isoformat(),
                "text": words.line(letter, way.language),
                "language": way.language,
                "facts": letter.facts,
            }
            for letter in letters
        ],
    }


def identity(name: str, letters: Sequence[Letter]) -> str:
    """Of a message: the way, and its first and last letter."""
    return f"ahual-{name}-{letters[0].id}-{letters[-1].id}"


def signature(secret: str, body: bytes, now: datetime) -> str:
    """The header's value."""
    stamp = str(int(now.timestamp()))
    return f"t={stamp},v1={hmac.new(secret.encode(), stamp.encode() + b'.' + body, 'sha256').hexdigest()}"


def _mail(settings: NotifySettings, message: EmailMessage) -> None:
    tls = ssl.create_default_context(cafile=settings.tls_ca_file)
    where = (settings.notify_smtp_host, settings.notify_smtp_port)
    try:
        if settings.notify_smtp_security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(*where, timeout=settings.notify_timeout_s, context=tls)
        else:
            server = smtplib.SMTP(*where, timeout=settings.notify_timeout_s)
        with server:
            if settings.notify_smtp_security == "starttls":
                server.starttls(context=tls)
            if settings.notify_smtp_user:
                server.login(settings.notify_smtp_user, settings.notify_smtp_password.get_secret_value())
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        raise WayError("refused", problem=str(error)[:300] or repr(error)) from error


async def _post(settings: NotifySettings, way: WebhookWay, body: bytes, now: datetime) -> None:
    secret = settings.notify_webhook_secret.get_secret_value()
    if not secret:
        raise WayError("no_secret")
    headers = {"Content-Type": "application/json", "Ahual-Signature": signature(secret, body, now)}
    tls = ssl.create_default_context(cafile=settings.tls_ca_file)
    try:
        async with httpx2.AsyncClient(verify=tls, trust_env=False, timeout=settings.notify_timeout_s) as client:
            answer = await client.post(way.url, content=body, headers=headers)
            answer.raise_for_status()
    except httpx2.HTTPError as error:
        raise WayError("refused", problem=str(error)[:300] or repr(error)) from error
