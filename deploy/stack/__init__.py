"""The local stack: real Mosquitto, Apache Kafka and TimescaleDB in a private folder, without Docker or root."""

from deploy.stack.errors import StackError
from deploy.stack.ports import Ports
from deploy.stack.program import Program
from deploy.stack.stack import Stack, running_stack

__all__ = ["Ports", "Program", "Stack", "StackError", "running_stack"]
