"""The broker of `deploy/compose.yaml`, with the same configuration and the same gate as the local stack's.

python -m deploy.stack.container                    run it in the working directory
python -m deploy.stack.container add IDENTITY       give a device an account; its password comes on standard input
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Final

import psutil

from deploy.stack import broker, mosquitto
from deploy.stack.ports import Ports

PORTS: Final = Ports(mqtt=1883, mqtt_internal=1884)


def main(arguments: list[str]) -> None:
    """Run the broker, or add an account to the one that runs."""
    home = Path.cwd()
    if arguments:
        mosquitto.add_accounts(home, {arguments[1]: sys.stdin.readline().strip()})
        for process in psutil.process_iter():
            if process.name() == "mosquitto":
                process.send_signal(signal.SIGHUP)
    else:
        everywhere = "0.0.0.0"  # noqa: S104 -- what is reachable is decided by the published ports
        mosquitto.write_files(home, PORTS, os.environ["AHUAL_MQTT_PASSWORD"], address=everywhere)
        broker.main("/usr/sbin/mosquitto", PORTS.mqtt_internal, [os.environ["AHUAL_MQTT_CLIENT_ID"]])


if __name__ == "__main__":
    main(sys.argv[1:])
