"""Who may do what in Kafka: exactly what the topic files say, since a client's certificate names its account."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Final, NamedTuple

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code
from aiokafka.protocol.admin import CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest
from aiokafka.protocol.api import Response

from schemas.topics import Topic


class Resource(IntEnum):
    """Kafka's numbers of what a rule is about."""

    TOPIC = 2
    GROUP = 3


class Pattern(IntEnum):
    """Kafka's numbers of how a rule's name is meant."""

    LITERAL = 3
    PREFIXED = 4


class Operation(IntEnum):
    """Kafka's numbers of what a rule allows."""

    READ = 3
    WRITE = 4
    DESCRIBE = 8


_ANY: Final = 1
_ALLOW: Final = 3


class Rule(NamedTuple):
    """One permission, in the order of Kafka's requests."""

    resource: int
    name: str
    pattern: int
    principal: str
    host: str
    operation: int
    permission: int


def rules(topics: Iterable[Topic]) -> set[Rule]:
    """What the accounts named in the topic files need, and nothing else."""
    found: set[Rule] = set()
    for topic in topics:
        for account in topic.producers:
            found |= {_rule(account, operation, topic.name) for operation in (Operation.WRITE, Operation.DESCRIBE)}
        for account in topic.consumers:
            found |= {_rule(account, operation, topic.name) for operation in (Operation.READ, Operation.DESCRIBE)}
            found.add(_group(account))
    return found


async def ensure(admin: AIOKafkaAdminClient, topics: Iterable[Topic]) -> None:
    """Make the cluster's rules those of the topic files: what is missing is added, what is more is removed."""
    wanted = rules(topics)
    there = await _all(admin)
    for rule in sorted(wanted - there):
        response = await admin._send_to_controller(CreateAclsRequest(*rule))  # noqa: SLF001  # aiokafka has no public way
        _check(response.creation_responses)
    for rule in sorted(there - wanted):
        response = await admin._send_to_controller(DeleteAclsRequest(*rule))  # noqa: SLF001
        _check(response.filter_responses)


async def _all(admin: AIOKafkaAdminClient) -> set[Rule]:
    everything = DescribeAclsRequest(_ANY, None, _ANY, None, None, _ANY, _ANY)
    response: Response = await admin._send_request(everything)  # noqa: SLF001
    if response.error_code:
        raise for_code(response.error_code)(response.error_message)
    return {Rule(resource, name, pattern, *acl) for resource, name, pattern, acls in response.resources for acl in acls}


def _check(answers: Iterable[tuple[int, str]]) -> None:
    for code, message, *_ in answers:
        if code:
            raise for_code(code)(message)


def _rule(account: str, operation: Operation, topic: str) -> Rule:
    return Rule(Resource.TOPIC, topic, Pattern.LITERAL, f"User:{account}", "*", operation, _ALLOW)


def _group(account: str) -> Rule:
    """A consumer's groups begin with its name."""
    return Rule(Resource.GROUP, f"ahual-{account}", Pattern.PREFIXED, f"User:{account}", "*", Operation.READ, _ALLOW)
