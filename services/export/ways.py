"""The ways out, as data: where deliveries are pushed to besides being pulled over the API.

A YAML file (`AHUAL_EXPORT_WAYS`) lists them. Secrets are named by the environment variable or file that holds them.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas import yaml_text
from schemas.delivery import Kind
from services.export.errors import WaysError


class _Way(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    since: date | None = None
    """Periods that end later are sent; absent: all there are."""
    kinds: tuple[Kind, ...] = ("kpis",)
    """What is sent. Raw facts are for the evaluator: only where they are named."""


class DirectoryWay(_Way):
    """A folder, such as a mounted share."""

    kind: Literal["directory"]
    path: Path


class S3Way(_Way):
    """An S3-compatible object store."""

    kind: Literal["s3"]
    endpoint: str = ""
    """`host:port`; empty: AWS's own."""
    scheme: Literal["https", "http"] = "https"
    region: str = "us-east-1"
    bucket: str
    prefix: PurePosixPath = PurePosixPath()
    access_key_env: str
    secret_key_env: str

    @property
    def credentials(self) -> tuple[str, str]:
        """Access and secret key. Raises WaysError."""
        return _secret(self.name, self.access_key_env), _secret(self.name, self.secret_key_env)


class SftpWay(_Way):
    """An SFTP server, known by its host key; we show a private key."""

    kind: Literal["sftp"]
    host: str
    port: int = 22
    user: str
    key_file: Path
    known_hosts_file: Path
    path: PurePosixPath


Way = Annotated[DirectoryWay | S3Way | SftpWay, Field(discriminator="kind")]


class Ways(BaseModel):
    """The file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ways: tuple[Way, ...]


def load(path: Path | None) -> tuple[Way, ...]:
    """The ways out of a file, none without one. Raises WaysError, which names file, place and what is wrong."""
    if path is None:
        return ()
    try:
        ways = Ways.model_validate(yaml_text.parse(path.read_text("utf-8"))).ways
    except (OSError, yaml.YAMLError) as error:
        raise WaysError("bad_ways", file=path, problem=str(error).replace("\n", " ")) from error
    except ValidationError as error:
        found = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise WaysError("bad_ways", file=path, problem=found) from error
    names = [way.name for way in ways]
    if len(set(names)) < len(names):
        raise WaysError("bad_ways", file=path, problem="two ways have the same name")
    return ways


def _secret(way: str, variable: str) -> str:
    if not (value := os.environ.get(variable, "")):
        raise WaysError("no_secret", way=way, variable=variable)
    return value
