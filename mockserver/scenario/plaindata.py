"""Reads OpenAPI documents as plain data, without positions, by the rules of YAML 1.2 or JSON.

It is as fast as the parsers are; where the text cannot be read, `yamltree` says why.
"""

from __future__ import annotations

import json
import pickle
import re
from functools import lru_cache
from typing import Any, Final

import yaml

from mockserver.errors import Location, Problem
from mockserver.scenario.yamltree import CORE, FLOAT, INTEGER, NOT_FINITE, core_value, parse

try:
    from yaml import CSafeLoader

    _SafeLoader: Any = CSafeLoader
except ImportError:  # PyYAML without libyaml
    _SafeLoader = yaml.SafeLoader

_STEEP: Final = 1000
MAX_DOCUMENT_NODES: Final = 5_000_000
MAX_KEPT: Final = 1_000_000
"""Characters of a document up to which it is kept as it was read."""
_ALIAS = re.compile(rb"[\s\[,:-]\*[^\s,\]}]")


class _CoreLoader(_SafeLoader):  # type: ignore[misc]
    """Builds plain data, without positions, by the rules of YAML 1.2; merge keys stay allowed."""

    yaml_implicit_resolvers: dict[Any, Any] = {}  # noqa: RUF012  (PyYAML copies it on write)


_CoreLoader.add_implicit_resolver(
    CORE + "null", re.compile(r"(?:~|null|Null|NULL|)\Z"), [*"~nN", ""]
)
_CoreLoader.add_implicit_resolver(
    CORE + "bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), [*"tTfF"]
)
_CoreLoader.add_implicit_resolver(
    CORE + "int", re.compile(rf"(?:{INTEGER.pattern})\Z"), [*"-+0123456789"]
)
_CoreLoader.add_implicit_resolver(
    CORE + "float",
    re.compile(rf"(?:{FLOAT.pattern}|{NOT_FINITE.pattern})\Z"),
    [*"-+.0123456789"],
)
_CoreLoader.add_implicit_resolver(CORE + "merge", re.compile(r"<<\Z"), ["<"])
for _name in ("int", "float"):
    _CoreLoader.add_constructor(CORE + _name, lambda _, node: core_value(node.value))


def _expanded(data: Any) -> int:
    """Return how many nodes `data` has once aliases are written out; -1 where one holds itself."""
    sizes: dict[int, int] = {}
    open_: set[int] = set()
    stack: list[tuple[Any, bool]] = [(data, False)]
    while stack:
        value, left = stack.pop()
        if not isinstance(value, (dict, list)):
            continue
        inner = list(value.values() if isinstance(value, dict) else value)
        key = id(value)
        if left:
            open_.discard(key)
            sizes[key] = 1 + sum(sizes.get(id(item), 1) for item in inner)
        elif key in open_:
            return -1
        elif key not in sizes:
            open_.add(key)
            stack.append((value, True))
            stack += [(item, False) for item in inner]
    return sizes.get(id(data), 1)


def _check_aliases(name: str, raw: bytes, data: Any) -> Any:
    """Return `data`. Raises ValueError(problem) where its aliases make it without bound."""
    if not _ALIAS.search(raw):
        return data
    size = _expanded(data)
    if 0 < size <= MAX_DOCUMENT_NODES:
        return data
    problem = next(iter(parse(name, raw, limited=False).problems), None) if size < 0 else None
    what = f"more than {MAX_DOCUMENT_NODES:,} nodes once aliases are written out"
    raise ValueError(
        problem or Problem(Location(name, 1, 1), what, "too-many-nodes", "use $ref, not aliases")
    )


def plain_data(name: str, raw: bytes) -> Any:
    """Read one JSON or YAML document as plain data, at the parsers' own speed.

    Raises LoadError's problem as `ValueError(problem)` when it is neither.
    """
    head = raw.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if head in (b"{", b"["):
        try:
            return json.loads(raw.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            pass  # YAML's flow style looks alike; its parser says where the fault is
    try:
        text = raw.decode("utf-8-sig")
        data = _loaded_before(text) if len(text) <= MAX_KEPT else _loaded(text)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError):
        raise ValueError(_unreadable(name, raw)) from None
    return _check_aliases(name, raw, data)


def _loaded_before(text: str) -> Any:
    """Return what a text says, a copy of its own: pickle is forty times as fast as YAML.

    A suite may start a server for every test, and a server reads its files at every edit.
    """
    kept = _kept(text)
    return _loaded(text) if kept is None else pickle.loads(kept)  # noqa: S301  (made below)


@lru_cache(maxsize=8)
def _kept(text: str) -> bytes | None:
    data = _loaded(text)
    try:
        return pickle.dumps(data)
    except RecursionError:
        return None


def _loaded(text: str) -> Any:
    if _is_steep(text):
        raise RecursionError
    return yaml.load(text, Loader=_CoreLoader)  # noqa: S506, TID251


def _is_steep(text: str) -> bool:
    """Whether collections may stand so deep in one another that the C parser's stack ends."""
    depth = 0
    for bracket in re.finditer(r"[\[\]{}]", text):
        depth = depth + 1 if bracket[0] in "[{" else max(depth - 1, 0)
        if depth > _STEEP:
            return True
    return re.search(rf"(?:[-?][ \t]+){{{_STEEP}}}", text) is not None


def _unreadable(name: str, raw: bytes) -> Problem:
    parsed = parse(name, raw, limited=False)
    if parsed.problems:
        return parsed.problems[0]
    if len(parsed.documents) > 1:
        where = parsed.file.at(parsed.documents[1])
        return Problem(where, "a second document begins here", "yaml-syntax", "keep the first one")
    mend = "check the file's beginning"
    return Problem(Location(name), "neither JSON nor YAML", "yaml-syntax", mend)
