"""A YAML file parsed into a frozen model, with the line of every mistake."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources.abc import Traversable
from typing import Any, Self, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from schemas.yaml_text import LOADER
from services.cityscore.errors import CatalogueError

M = TypeVar("M", bound=BaseModel)
Location = tuple[int | str, ...]


class Document:
    """One YAML file: its data, and where in the file each part of it stands."""

    def __init__(self, file: str, node: yaml.Node, data: Any) -> None:
        self.file = file
        self.node = node
        self.data = data

    @classmethod
    def read(cls, path: Traversable) -> Self:
        """Read a file. Raises CatalogueError when it is not YAML, is empty, or repeats a key."""
        try:
            loader = LOADER(path.read_text("utf-8"))
            node = loader.get_single_node()
            if node is None:
                raise CatalogueError(str(path), 1, "the file is empty")
            document = cls(str(path), node, loader.construct_document(node))
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise CatalogueError(str(path), line, str(error.problem)) from error
        document._refuse_repeated_keys()
        return document

    def parse(self, model: type[M]) -> M:
        """The file's content as a model. Raises CatalogueError at the line of the first mistake."""
        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            first = min(error.errors(), key=lambda e: self.line(e["loc"]))
            raise self.error(first["loc"], f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error

    def error(self, location: Location, reason: str) -> CatalogueError:
        """A mistake at a location, to be raised."""
        return CatalogueError(self.file, self.line(location), reason)

    def line(self, location: Location) -> int:
        """The line (from 1) of a location; of the nearest part above it where it does not exist."""
        node, line = self.node, self.node.start_mark.line
        for step in location:
            for key, child in _children(node):
                if key == step:
                    node, line = child[1], child[0].start_mark.line
                    break
        return line + 1

    def _refuse_repeated_keys(self) -> None:
        for mapping in _mappings(self.node):
            seen: set[Any] = set()
            for key, _ in mapping.value:
                if key.value in seen:
                    raise CatalogueError(self.file, key.start_mark.line + 1, f"the key {key.value!r} is repeated")
                seen.add(key.value)


def _children(node: yaml.Node) -> Iterator[tuple[int | str, tuple[yaml.Node, yaml.Node]]]:
    if isinstance(node, yaml.MappingNode):
        yield from ((_key(key), (key, value)) for key, value in node.value)
    elif isinstance(node, yaml.SequenceNode):
        yield from ((index, (item, item)) for index, item in enumerate(node.value))


def _key(node: yaml.Node) -> int | str:
    value = str(node.value)
    return int(value) if node.tag == "tag:yaml.org,2002:int" else value


def _mappings(node: yaml.Node) -> Iterator[yaml.MappingNode]:
    if isinstance(node, yaml.MappingNode):
        yield node
    for _, (_, child) in _children(node):
        yield from _mappings(child)
