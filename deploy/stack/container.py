"""The broker of `deploy/compose.yaml`, with the same configuration and the same gate as the local stack's.

python -m deploy.stack.container                    run it in the working directory
python -m deploy.stack.container watch              bring it the credentials of the device registry, at every change
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil
from pydantic import SecretStr

from deploy.stack import broker, mosquitto
from deploy.stack.credentials import RunningBroker
from deploy.stack.errors import StackError
from deploy.stack.ports import Ports
from schemas.tables import CHANNEL_DEVICES
from services.ingest import devices
from services.runtime.database import DATABASE_ERRORS, listen, open_database

log = logging.getLogger(__name__)
EVERY_S: Final = 60.0
PORTS: Final = Ports(mqtt=1883, mqtt_internal=1884)


def main(arguments: list[str]) -> None:
    """Run the broker, or watch the registry for the one that runs."""
    home = Path.cwd()
    if arguments == ["watch"]:
        running = RunningBroker(home, PORTS.mqtt, PORTS.mqtt_internal, os.environ["AHUAL_MQTT_PASSWORD"], _reload)
        asyncio.run(watch(SecretStr(os.environ["AHUAL_DATABASE_URL"]), running))
    else:
        subprocess.Popen([sys.executable, "-m", "deploy.stack.container", "watch"])
        everywhere = "0.0.0.0"  # noqa: S104 -- what is reachable is decided by the published ports
        mosquitto.write_files(home, PORTS, os.environ["AHUAL_MQTT_PASSWORD"], address=everywhere)
        broker.main("/usr/sbin/mosquitto", PORTS.mqtt_internal, [os.environ["AHUAL_MQTT_CLIENT_ID"]])


async def watch(url: SecretStr, running: RunningBroker) -> None:
    """Apply the registry at every notice, and once a minute in case one was missed; until cancelled."""
    engine = open_database(url, pool_size=1, application="ahual-broker")
    async with listen(url, CHANNEL_DEVICES) as notices:
        while True:
            try:
                gone = await asyncio.to_thread(running.apply, await devices.read(engine))
                log.info("device credentials applied", extra={"cut": gone})
            except (*DATABASE_ERRORS, StackError) as error:
                log.warning("device credentials not applied", extra={"reason": str(error)})
            with suppress(TimeoutError):
                await asyncio.wait_for(notices.get(), EVERY_S)


def _reload() -> None:
    for process in psutil.process_iter():
        if process.name() == "mosquitto":
            process.send_signal(signal.SIGHUP)


if __name__ == "__main__":
    main(sys.argv[1:])
