"""The private authority: what it writes, who may read it, and what TLS makes of it."""

from __future__ import annotations

import ssl
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import create_connection, create_server, socket

import pytest
from cryptography import x509
from typer.testing import CliRunner

from deploy.certs.authority import Authority, CertificateError
from deploy.certs.signing import CA_LIFE, LIFE
from services.cli.main import build
from services.runtime.clock import utc_now

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DEVICE = "karaganda/contact-centre/pbx-1"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority(tmp_path / "certs")
    made.init(utc_now())
    made.issue("server", "service", ("localhost", "127.0.0.1"), utc_now())
    return made


def test_private_keys_are_readable_by_their_owner_only(authority: Authority) -> None:
    for path in authority.folder.glob("*.key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert {path.name for path in authority.folder.glob("*.key")} == {"ca.key", "server.key"}


def test_repeating_changes_nothing(authority: Authority) -> None:
    before = {path: path.read_bytes() for path in authority.folder.iterdir() if path.suffix in (".crt", ".key")}
    assert not authority.init(utc_now())
    assert not authority.issue("server", "service", ("localhost", "127.0.0.1"), utc_now())
    assert before == {path: path.read_bytes() for path in before}


def test_other_hosts_need_another_certificate(authority: Authority) -> None:
    assert authority.issue("server", "service", ("ahual.example",), utc_now())
    assert authority.issued()[0].hosts == ("ahual.example",)


def test_states_follow_the_clock(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.init(NOW)
    authority.issue(DEVICE, "device", (), NOW)
    (issued,) = authority.issued()
    days = {0: "good", 360: "good", 370: "due", 400: "expired"}
    assert {day: issued.state(NOW + timedelta(days=day)) for day in days} == days
    assert issued.ends == NOW + LIFE
    late = NOW + CA_LIFE - timedelta(days=3)
    authority.renew(DEVICE, late)
    assert authority.issued()[0].ends == authority.ends(), "no certificate outlives the authority"


def test_revoking_finds_what_was_renewed(authority: Authority) -> None:
    now = utc_now()
    authority.issue(DEVICE, "device", (), now)
    first = authority.issued()[0].serial
    authority.renew(DEVICE, now)
    assert authority.revoke(DEVICE, now)
    assert not authority.revoke(DEVICE, now)
    listed = x509.load_pem_x509_crl(authority.crl.read_bytes())
    assert {entry.serial_number for entry in listed} == {first, authority.issued()[0].serial}
    assert authority.issued()[0].state(now) == "revoked"
    with pytest.raises(CertificateError):
        authority.renew(DEVICE, now)


@pytest.mark.parametrize("name", ["", "x" * 65])
def test_a_name_no_certificate_can_carry(authority: Authority, name: str) -> None:
    with pytest.raises(CertificateError, match="bad_name"):
        authority.issue(name, "device", (), utc_now())


def test_without_an_authority_everything_says_so(tmp_path: Path) -> None:
    nobody = Authority(tmp_path / "nothing")
    for work in (nobody.issued, lambda: nobody.issue("x", "service", (), NOW), lambda: nobody.revoke("x", NOW)):
        with pytest.raises(CertificateError, match="no_authority"):
            work()


@contextmanager
def listening(authority: Authority) -> Iterator[int]:
    """A server that wants client certificates which are not on the list; answers one client with its name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.certificate("server"), authority.key("server"))
    context.load_verify_locations(authority.ca)
    context.load_verify_locations(authority.crl)
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    context.verify_mode = ssl.CERT_REQUIRED
    with create_server(("127.0.0.1", 0)) as plain:
        thread = threading.Thread(target=_answer_one, args=(context, plain))
        thread.start()
        yield plain.getsockname()[1]
        thread.join(10)


def _answer_one(context: ssl.SSLContext, plain: socket) -> None:
    try:
        with context.wrap_socket(plain.accept()[0], server_side=True) as taken:
            taken.sendall(dict(pair[0] for pair in taken.getpeercert()["subject"])["commonName"].encode())  # type: ignore[index, misc]
    except OSError:
        pass


def _hear(authority: Authority, port: int, name: str, host: str = "localhost") -> str:
    context = ssl.create_default_context(cafile=authority.ca)
    context.load_cert_chain(authority.certificate(name), authority.key(name))
    with (
        create_connection(("127.0.0.1", port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname=host) as taken,
    ):
        return taken.recv(100).decode()


def test_a_device_is_known_by_its_certificate(authority: Authority) -> None:
    authority.issue(DEVICE, "device", (), utc_now())
    with listening(authority) as port:
        assert _hear(authority, port, DEVICE) == DEVICE


def test_a_server_is_not_believed_under_another_name(authority: Authority) -> None:
    with listening(authority) as port, pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        _hear(authority, port, "server", host="elsewhere")


def test_a_revoked_device_is_refused_and_no_other(authority: Authority) -> None:
    for name in (DEVICE, f"{DEVICE}-b", f"{DEVICE}-c"):
        authority.issue(name, "device", (), utc_now())
    for name in (DEVICE, f"{DEVICE}-b"):
        authority.revoke(name, utc_now())
        with listening(authority) as port, pytest.raises(OSError, match=r"(?i)revoked"):
            _hear(authority, port, name)
    with listening(authority) as port:
        assert _hear(authority, port, f"{DEVICE}-c") == f"{DEVICE}-c"


def test_the_command(tmp_path: Path) -> None:
    run = CliRunner()
    app = build("certs")
    folder = ["--certs", str(tmp_path / "c")]
    assert run.invoke(app, ["certs", "list", *folder]).exit_code == 1
    assert run.invoke(app, ["certs", "init", *folder]).exit_code == 0
    assert run.invoke(app, ["certs", "issue", "kafka", "--host", "127.0.0.1", *folder]).exit_code == 0
    assert run.invoke(app, ["certs", "issue", DEVICE, *folder]).exit_code == 1, "a device's name needs --device"
    assert run.invoke(app, ["certs", "issue", DEVICE, "--device", *folder]).exit_code == 0
    assert run.invoke(app, ["certs", "renew", DEVICE, *folder]).exit_code == 0
    assert run.invoke(app, ["certs", "revoke", DEVICE, *folder]).exit_code == 0
    listed = run.invoke(app, ["certs", "list", "--json", *folder])
    assert listed.exit_code == 0
    assert '"state": "revoked"' in listed.stdout
    assert '"state": "good"' in listed.stdout
