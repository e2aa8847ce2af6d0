"""The local stack as one object: set up, start, tell, end."""

from __future__ import annotations

import shutil
import ssl
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from deploy.certs.authority import Authority
from deploy.privacy import PrivacyFolder
from deploy.stack import backup, broker, debian, kafka, leftovers, mosquitto, postgres
from deploy.stack.credentials import RunningBroker
from deploy.stack.errors import StackError, plain_errors
from deploy.stack.layout import Layout
from deploy.stack.passwords import Passwords
from deploy.stack.ports import Ports, require_free
from deploy.stack.program import Program
from deploy.stack.progress import Progress, Silent
from deploy.stack.supervisor import ProgramStatus, Supervisor
from deploy.stack.tools import complaint, listening, locked, run_async, wait_until
from deploy.stack.topics import ensure_topics
from services.runtime.clock import utc_now
from services.runtime.tls import OwnCertificate, client_context

SERVERS: Final = ("postgres", "kafka", "mosquitto")
ACCOUNTS: Final = ("ingest", "scorer", "api", "export")
"""Our services, each with an account of its own."""
OUTSIDERS: Final = ("probe",)
"""Processes without any account: they see the system as everybody does."""
FOR_OUTSIDERS: Final = ("AHUAL_PROBE_", "AHUAL_ALLOW_PLAINTEXT", "AHUAL_TLS_CA_FILE")
OPERATOR: Final = "operator"
"""Whoever uses the command: owns the database's tables, and rules Kafka."""
TLS_MARK: Final = "tls"
READY_S: Final = 60.0


class Stack:
    """Mosquitto, Apache Kafka and TimescaleDB of one folder, and whatever else is started beside them."""

    def __init__(
        self, folder: Path, ports: Ports | None = None, progress: Progress | None = None, *, cache: Path | None = None
    ) -> None:
        self.layout = Layout.of(folder, cache)
        self.ports = ports or Ports()
        self._progress = progress or Silent()
        self._supervisor = Supervisor(self.layout)

    def up(self, *, tls: bool | None = None) -> None:
        """Set up what is missing, start the three servers, return when they answer and the topics exist.

        What runs already as it should stays as it is. StackError says in one sentence what stands in the way. With
        `tls` every listener wants it, and Kafka knows its clients by their certificates; None: as it was last time,
        the first time without.
        """
        with plain_errors(self.layout.folder):
            self.layout.make()
            with locked(self.layout.folder / "lock"):
                self._choose(tls=tls)
                servers = self._prepare()
                if not (self._supervisor.running() and self._supervisor.configured(servers)):
                    self._end()
                    require_free(self.ports)
                    self._supervisor.start(servers)
                else:
                    for server in servers:
                        self._supervisor.add(server)
                self._wait_for_servers()
                run_async(postgres.ensure_database(self.ports, self._passwords(), self.certs))
                run_async(ensure_topics(self.kafka_bootstrap, tls=self.client_tls()))

    def down(self) -> int:
        """End everything this stack started, also what outlived its supervisor; how many processes that were."""
        if not self.layout.folder.is_dir():
            return 0
        with plain_errors(self.layout.folder), locked(self.layout.folder / "lock"):
            return self._end()

    def wipe(self) -> None:
        """`down`, then delete the data and passwords; the downloads stay."""
        self.down()
        for path in (self.layout.postgres, self.layout.folder, self.layout.run):
            shutil.rmtree(path, ignore_errors=True)
        if self.layout.account is not None:
            with suppress(OSError):
                self.layout.postgres.parent.rmdir()

    def backup(self, target: Path) -> int:
        """Copy the running database into a new folder; bytes copied."""
        return backup.create(self.layout, self.ports, self._passwords(), target)

    def restore(self, source: Path) -> Path | None:
        """Put a backup in the place of the database of a stack that is down; where the old one lies now."""
        with plain_errors(self.layout.folder):
            self.layout.make()
            with locked(self.layout.folder / "lock"):
                if self._supervisor.running():
                    raise StackError("restore_running")
                self._install()
                return backup.restore(self.layout, source)

    def start(self, program: Program) -> None:
        """Run one more program under the same supervisor, with `env()` and its own variables."""
        own = Program(
            name=program.name,
            argv=program.argv,
            env={**self._env_of(program.name), **program.env},
            cwd=program.cwd,
            stop_signal=program.stop_signal,
            stop_seconds=program.stop_seconds,
        )
        self._supervisor.add(own)

    def _env_of(self, program: str) -> dict[str, str]:
        if program in OUTSIDERS:
            return {name: value for name, value in self.env().items() if name.startswith(FOR_OUTSIDERS)}
        return self.env(program if program in ACCOUNTS else OPERATOR)

    def stop(self, name: str) -> None:
        """Stop a program or server and wait for its end; `restart` brings it back."""
        self._supervisor.stop(name)

    def restart(self, name: str) -> None:
        """Start a stopped program or server, or stop and start a running one; does not wait for readiness."""
        self._supervisor.restart(name)

    def pid(self, name: str) -> int | None:
        """The process id of a program or server; None while it does not run."""
        return self._supervisor.status_of(name).pid

    def status(self) -> list[ProgramStatus]:
        """Everything under the supervisor; empty when the stack is down."""
        return self._supervisor.status()

    def ready(self, name: str) -> bool:
        """Whether one of the three servers answers right now."""
        match name:
            case "postgres":
                return run_async(postgres.answers(self.ports, self._passwords(), self.certs))
            case "kafka":
                return listening(self.ports.kafka)
            case "mosquitto":
                home = self.layout.folder / "mosquitto"
                gateway = (broker.GATEWAY, self._passwords().gateway)
                return broker.is_open(home) and mosquitto.accepts(self.ports.mqtt, *gateway, self.certs)
            case _:
                raise KeyError(name)

    def add_device(self, identity: str, password: str | None = None) -> str:
        """Give a device an MQTT account named by its `city/system/device`; returns its password."""
        return self.add_devices([identity], password)[identity]

    def add_devices(self, identities: Iterable[str], password: str | None = None) -> dict[str, str]:
        """Give devices accounts and wait until the broker knows them; passwords by identity.

        Without `password` each gets its own, the same one every time.
        """
        made = {i: password or self._passwords().of_device(i) for i in identities}
        if made:
            mosquitto.add_accounts(self.layout.folder / "mosquitto", made)
            self.broker().take_up()
        return made

    def broker(self) -> RunningBroker:
        """The stack's Mosquitto, for bringing credentials to it."""
        return RunningBroker(
            home=self.layout.folder / "mosquitto",
            device_port=self.ports.mqtt,
            gateway_port=self.ports.mqtt_internal,
            gateway_password=self._passwords().gateway,
            reload=lambda: self._supervisor.signal("mosquitto", "HUP"),
            certs=self.certs,
        )

    @property
    def authority(self) -> Authority:
        """The stack's own authority, whether it is used or not."""
        return Authority(self.layout.folder / "certs")

    @property
    def certs(self) -> Authority | None:
        """The authority whose certificates every listener shows; None while the stack speaks plain text."""
        return self.authority if (self.layout.folder / TLS_MARK).exists() else None

    def client_tls(self, account: str = OPERATOR) -> ssl.SSLContext | None:
        """For connections to this stack as one of its accounts; None while it speaks plain text."""
        certs = self.certs
        own = OwnCertificate(self.authority.certificate(account), self.authority.key(account))
        return client_context(certs.ca, own) if certs else None

    @property
    def kafka_bootstrap(self) -> str:
        """Kafka's address."""
        return f"127.0.0.1:{self.ports.kafka}"

    def database_url(self, role: str) -> str:
        """The database's address for one of its roles."""
        return postgres.url(self.ports, role, postgres.roles(self._passwords())[role], self.certs)

    def env(self, account: str = OPERATOR) -> dict[str, str]:
        """The variables our services read, for this stack and for one of its accounts."""
        passwords = self._passwords()
        role = postgres.OWNER if account == OPERATOR else f"{postgres.OWNER}_{account}"
        scheme = "https" if self.certs else "http"
        return {
            **self._tls_env(account),
            **self._privacy_env(account),
            "AHUAL_STACK_FOLDER": str(self.layout.folder),
            "AHUAL_KAFKA_BOOTSTRAP": self.kafka_bootstrap,
            "AHUAL_DATABASE_URL": self.database_url(role),
            "AHUAL_READER_URL": self.database_url(postgres.READER),
            "AHUAL_MQTT_HOST": "127.0.0.1",
            "AHUAL_MQTT_PORT": str(self.ports.mqtt_internal),
            "AHUAL_MQTT_USERNAME": broker.GATEWAY,
            "AHUAL_MQTT_PASSWORD": passwords.gateway,
            "AHUAL_MQTT_CLIENT_ID": mosquitto.GATEWAY_CLIENT_ID,
            "AHUAL_DEVICE_MQTT_PORT": str(self.ports.mqtt),
            "AHUAL_SCORER_INSTANCE": "scorer-1",
            "AHUAL_SCORER_DISKS": ":".join(map(str, self.layout.disks)),
            "AHUAL_INGEST_HTTP_PORT": str(self.ports.ingest_http),
            "AHUAL_INGEST_METRICS_PORT": str(self.ports.metrics_ingest),
            "AHUAL_SCORER_METRICS_PORT": str(self.ports.metrics_scorer),
            "AHUAL_API_PORT": str(self.ports.api),
            "AHUAL_PROBE_PAGE": f"{scheme}://127.0.0.1:{self.ports.api}/",
            "AHUAL_PROBE_INTAKE": f"{scheme}://127.0.0.1:{self.ports.ingest_http}",
            "AHUAL_PROBE_SPOOL": str(self.layout.folder / "probe.sqlite"),
            "AHUAL_PROBE_METRICS_PORT": str(self.ports.metrics_probe),
            "AHUAL_NOTIFY_METRICS_PORT": str(self.ports.metrics_notify),
        }

    @property
    def privacy(self) -> PrivacyFolder:
        """The stack's own hash keys and seal."""
        return PrivacyFolder(self.layout.folder / "privacy")

    def program_path(self, name: str) -> Path:
        """Where an unpacked program lies: `mosquitto_pub`, `psql`, …"""
        return next(debian.home(self.layout) / path for path in debian.PROGRAMS if path.endswith(f"/{name}"))

    def _tls_env(self, account: str) -> dict[str, str]:
        if self.certs is None:
            return {"AHUAL_ALLOW_PLAINTEXT": "true"}
        own = {"AHUAL_TLS_CERT_FILE": self.certs.certificate(account), "AHUAL_TLS_KEY_FILE": self.certs.key(account)}
        return {name: str(path) for name, path in {"AHUAL_TLS_CA_FILE": self.certs.ca, **own}.items()}

    def _privacy_env(self, account: str) -> dict[str, str]:
        """The gateways have the public half of the seal, whoever uses the command has both."""
        if account not in ("ingest", OPERATOR) or not self.privacy.hash_keys.exists():
            return {}
        files = {"PRIVACY_KEYS": self.privacy.hash_keys, "SEAL_PUBLIC_KEY": self.privacy.seal_public}
        own = {"SEAL_PRIVATE_KEY": self.privacy.seal_private} if account == OPERATOR else {}
        return {f"AHUAL_{name}_FILE": str(path) for name, path in {**files, **own}.items()}

    def _choose(self, *, tls: bool | None) -> None:
        """Remember how this folder's stack speaks, and make sure of its certificates."""
        mark = self.layout.folder / TLS_MARK
        if tls is None:
            tls = mark.exists()
        if not tls:
            mark.unlink(missing_ok=True)
            return
        now = utc_now()
        self.authority.init(now)
        for name in (*SERVERS, *ACCOUNTS, OPERATOR):
            self.authority.issue(name, "service", ("localhost", "127.0.0.1"), now)
        mark.touch()

    def _passwords(self) -> Passwords:
        return Passwords.load(self.layout.secrets)

    def _prepare(self) -> list[Program]:
        self._install()
        if not self.layout.secrets.exists():
            # The folder is new: what lies in its place under /var/lib belongs to one that was deleted.
            shutil.rmtree(self.layout.postgres, ignore_errors=True)
        passwords = self._passwords()
        self.privacy.init(utc_now())
        return [
            postgres.prepare(self.layout, self.ports, passwords, self._progress, self.certs),
            kafka.prepare(self.layout, self.ports, self._progress, self.certs),
            mosquitto.prepare(self.layout, self.ports, passwords, self.certs),
        ]

    def _install(self) -> None:
        """Fetch what is missing, both at once: the network waits for one while the other unpacks."""
        kafka.require_java()
        if kafka.jars(self.layout).is_dir() and debian.home(self.layout).is_dir():
            return
        with self._progress.step("fetching"), ThreadPoolExecutor() as pool:
            for fetched in [pool.submit(kafka.install, self.layout), pool.submit(debian.install, self.layout)]:
                fetched.result()

    def _wait_for_servers(self) -> None:
        for name in SERVERS:
            with self._progress.step(f"starting_{name}"):
                wait_until(
                    lambda name=name: self.ready(name),  # type: ignore[misc]  # mypy: default of a lambda
                    seconds=READY_S,
                    failure=lambda name=name: self._not_ready(name, READY_S),  # type: ignore[misc]
                )

    def _not_ready(self, name: str, seconds: float) -> StackError:
        log = self.layout.log(name)
        said = complaint(log.read_text("utf-8", "replace")[-4000:]) if log.exists() else ""
        return StackError("not_ready", name=name, seconds=round(seconds), detail=said, log=log)

    def _end(self) -> int:
        found = len(leftovers.find(self.layout.folder))
        self._supervisor.shut_down()
        leftovers.end(self.layout.folder)
        return found


@contextmanager
def running_stack(
    folder: Path, ports: Ports, progress: Progress | None = None, *, cache: Path | None = None, tls: bool | None = None
) -> Iterator[Stack]:
    """A stack that is up inside the block and down after it, whatever happens."""
    stack = Stack(folder, ports, progress, cache=cache)
    try:
        stack.up(tls=tls)
        yield stack
    finally:
        stack.down()
