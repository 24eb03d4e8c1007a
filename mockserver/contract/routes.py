"""Which operation a request reaches, and which ones come near when it reaches none.

A tree over the segments of all paths: text before templates, longer text before shorter.
OAS 3.2 § Paths Object: concrete paths match before their templated counterparts. A path that fits
but lacks the method gives way to a later one that has it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from mockserver.contract.media import is_json
from mockserver.contract.shapes import constants
from mockserver.contract.templates import Segment, parse_segment, plain
from mockserver.shared import once

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mockserver.contract.operations import Operation

_NEAREST = 5
_FAR = 3
"""How many are named where none is near."""
_LONGEST = 100  # A segment longer than this is nobody's slip of the pen.


@dataclass(frozen=True, slots=True)
class Route:
    """The operation that a request reaches, and what its path says.

    `alternatives` are the other operations of the same route: their path keys differ in a
    `#fragment` or `?query` only, which no request line carries.
    """

    operation: Operation
    path_parameters: dict[str, str]
    alternatives: tuple[Operation, ...] = ()

    def choose(self, query: Mapping[str, str], body: object) -> Operation:
        """Return the alternative that the query or constants in the body speak for, else the first.

        A `?query` of a path key must be in the request. A body speaks for the operation whose
        request schema has the most constants in common with it, and against one it contradicts.
        """
        if not self.alternatives:
            return self.operation
        scored = []
        for operation in (self.operation, *self.alternatives):
            wanted = parse_qsl(_query(operation.path), keep_blank_values=True)
            if any(query.get(name) != value for name, value in wanted):
                continue
            agreed = _agreement(operation, body)
            if agreed is not None:
                scored.append((len(wanted), agreed, operation))
        best = max(scored, key=lambda entry: entry[:2], default=None)
        return best[2] if best else self.operation


@dataclass(frozen=True, eq=False)
class NoRoute:
    """No operation fits; `allowed` has the methods that would, where the path at least fits."""

    method: str
    path: str
    allowed: tuple[str, ...]
    table: Table = field(repr=False)

    @once
    def nearest(self) -> tuple[str, ...]:
        """Up to five sentences: an operation that comes near, and where it differs."""
        return tuple(self.table.nearest(self.method, self.path))


@dataclass(slots=True)
class _Node:
    """A position in the tree; `ends` holds the operations of the path that ends here."""

    texts: dict[str, _Node] = field(default_factory=dict)
    templates: list[tuple[Segment | None, _Node]] = field(default_factory=list)
    """The last of them is the one to try first; None is a name without text around it."""
    ends: dict[str, list[tuple[Operation, tuple[str, ...]]]] = field(default_factory=dict)


class Table:
    """The routes of a document."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._root = _Node()
        self._rows: list[tuple[list[Segment | str], str, Operation]] = []
        self.clashes: list[tuple[Operation, Operation]] = []
        """Two operations that no request can tell apart: the second and the first."""
        for operation in operations:
            for path in operation.full_paths:
                self._add(operation, path)

    def _add(self, operation: Operation, path: str) -> None:
        segments = [parse_segment(unquote(text)) for text in plain(path).split("/")[1:]]
        self._rows.append((segments, path, operation))
        node, names = self._root, list[str]()
        for segment in segments:
            node = _child(node, segment)
            names.extend(segment.names if isinstance(segment, Segment) else ())
        end = node.ends.setdefault(operation.method, [])
        suffix = operation.path[len(plain(operation.path)) :]
        for other, _ in end:
            if suffix == other.path[len(plain(other.path)) :]:
                if other is not operation and (operation, other) not in self.clashes:
                    self.clashes.append((operation, other))
                return  # the first one is served
        # The plain path goes first: it is what a request means that speaks for no alternative.
        end.insert(0 if not suffix else len(end), (operation, tuple(names)))

    def route(self, method: str, path: str) -> Route | NoRoute:
        """Return the route of a request line; `path` is still percent-encoded, without query."""
        segments = [unquote(text) if "%" in text else text for text in path.split("/")[1:]]
        allowed: dict[str, None] = {}
        stand_in: Route | None = None
        for node, values in _matches(self._root, segments):
            found = node.ends.get(method)
            if found:
                return _route(found, values)
            if method == "HEAD" and stand_in is None and "GET" in node.ends:
                stand_in = _route(node.ends["GET"], values)
            allowed.update(dict.fromkeys(node.ends))
        return stand_in or NoRoute(method, path, _allowed(allowed), self)

    def nearest(self, method: str, path: str) -> list[str]:
        """Say of the operations that come nearest where they differ."""
        asked = [unquote(text) for text in path.split("/")[1:]]
        likeness = _Likeness()
        scored = []
        for row, (segments, full, operation) in enumerate(self._rows):
            distance, what = _difference(asked, segments, likeness)
            base = full.removesuffix(operation.path)
            if base and not path.startswith(base):
                rest = segments[base.count("/") :]
                if _difference(asked, rest, likeness) == (0.0, None):
                    distance, what = 0.2, f"lies under {base!r}"
            if what is None:
                what = f"the method is {operation.method}, not {method}"
            elif operation.method != method:
                distance += 0.3
            scored.append((distance, row, f"{operation.method} {full}: {what}"))
        scored.sort()
        near = [entry for entry in scored if entry[0] < 1.0] or scored[:_FAR]
        return list(dict.fromkeys(text for _, _, text in near))[:_NEAREST]


def _child(node: _Node, segment: Segment | str) -> _Node:
    if isinstance(segment, str):
        return node.texts.setdefault(segment, _Node())
    key = None if segment.texts == ("", "") else segment
    for known, child in node.templates:
        if (known and known.texts) == (key and key.texts):
            return child
    child = _Node()
    node.templates.append((key, child))
    node.templates.sort(key=lambda pair: pair[0].width if pair[0] else 0)
    return child


def _matches(root: _Node, segments: Sequence[str]) -> Iterator[tuple[_Node, tuple[str, ...]]]:
    """Yield the ends that a path fits with the values of its names, the most concrete first."""
    last = len(segments)
    stack: list[tuple[_Node, int, tuple[str, ...]]] = [(root, 0, ())]
    while stack:
        node, at, values = stack.pop()
        if at == last:
            if node.ends:
                yield node, values
            continue
        text = segments[at]
        at += 1
        if text:
            for segment, child in node.templates:
                if segment is None:
                    stack.append((child, at, (*values, text)))
                elif (found := segment.match(text)) is not None:
                    stack.append((child, at, values + found))
        concrete = node.texts.get(text)
        if concrete is not None:
            stack.append((concrete, at, values))


def _route(found: list[tuple[Operation, tuple[str, ...]]], values: tuple[str, ...]) -> Route:
    (operation, names), *others = found
    parameters = dict(zip(names, values, strict=True))
    return Route(operation, parameters, tuple(other for other, _ in others))


def _allowed(methods: Iterable[str]) -> tuple[str, ...]:
    allowed = list(methods)
    if not allowed:
        return ()
    if "GET" in allowed and "HEAD" not in allowed:
        allowed.insert(allowed.index("GET") + 1, "HEAD")
    return (*allowed, "OPTIONS") if "OPTIONS" not in allowed else tuple(allowed)


def _difference(
    asked: Sequence[str], segments: Sequence[Segment | str], likeness: _Likeness
) -> tuple[float, str | None]:
    """Return how far a request's path is from a template, and a sentence where they part."""
    distance, first = 0.0, None
    if abs(len(asked) - len(segments)) > 1:
        return 1.0, "differs in length"
    for ours, theirs in zip(asked, segments, strict=False):
        if theirs == ours or (isinstance(theirs, Segment) and ours and theirs.match(ours)):
            continue
        distance += 1.0 if isinstance(theirs, Segment) else 1.0 - likeness.of(ours, theirs)
        first = first or f"differs at '/{ours}'"
        if distance >= 1.0:
            return distance, first
    longer, shorter = len(asked) - len(segments), min(len(asked), len(segments))
    if longer == 1 and asked[-1] == "":
        return distance + 0.1, first or "has no slash at the end"
    if longer > 0:
        return distance + 0.5, first or f"ends before '/{asked[shorter]}'"
    if longer < 0:
        return distance + 0.5, first or f"goes on with '/{_written(segments[shorter])}'"
    return distance, first


class _Likeness:
    """How alike two texts are, from 0 to 1; below 0.6 they are not. Each pair is compared once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], float] = {}

    def of(self, ours: str, theirs: str) -> float:
        """Return the likeness of a segment of the request and one of a path."""
        pair = (ours, theirs)
        if pair not in self._known:
            short, long = sorted((len(ours), len(theirs)))
            # Twice the shorter over both is the most that the ratio can be.
            likely = 2 * short >= 0.6 * (short + long) and long <= _LONGEST
            self._known[pair] = self._ratio(ours, theirs) if likely else 0.0
        return self._known[pair]

    def _ratio(self, ours: str, theirs: str) -> float:
        matcher = SequenceMatcher(None, theirs, ours, autojunk=False)
        ratio = matcher.ratio() if matcher.quick_ratio() >= 0.6 else 0.0
        return ratio if ratio >= 0.6 else 0.0


def _written(segment: Segment | str) -> str:
    if isinstance(segment, str):
        return segment
    pairs = zip(segment.texts, (*(f"{{{name}}}" for name in segment.names), ""), strict=True)
    return "".join(text + name for text, name in pairs)


def _query(path: str) -> str:
    return path.partition("#")[0].partition("?")[2]


def _agreement(operation: Operation, body: object) -> int | None:
    """Return how many constants of the request schema a body has; None if it contradicts one."""
    if not isinstance(body, dict):
        return 0
    document, agreed = operation.document, 0
    content = document.get(operation.place, "requestBody", "content")
    for media_type, holder in content.members():
        if not is_json(media_type):
            continue
        schema = document.follow(holder).get("schema")
        for name, value in constants(document, [schema]).items():
            if name in body:
                if body[name] != value or isinstance(body[name], bool) != isinstance(value, bool):
                    return None
                agreed += 1
    return agreed
