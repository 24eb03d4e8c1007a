"""YAML 1.2 as a tree of nodes that know where they stand, bounded in every direction.

Source: YAML 1.2.2 § 10.3 (core schema). PyYAML's parser speaks YAML 1.1; only its events are
used here, and what a plain scalar means is decided by the rules of 1.2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import yaml

from mockserver.errors import Location, Problem
from mockserver.scenario.nodes import Mapping, Node, Scalar, Sequence

try:
    from yaml._yaml import CParser

    _Parser: Any = CParser
except ImportError:  # PyYAML without libyaml: the same events, eight times slower
    _Parser = yaml.SafeLoader

MAX_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 64
MAX_NODES: Final = 200_000
CORE = "tag:yaml.org,2002:"
_CORE_TAGS = {CORE + name for name in ("str", "int", "float", "bool", "null", "map", "seq")}
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_MAX_DIGITS = 4000  # below the interpreter's own limit for turning digits into a number


@dataclass(slots=True)
class SourceFile:
    """A file's name and lines, from which places are made."""

    name: str
    lines: list[str]

    def at(self, node: Node | None) -> Location:
        """Return where `node` stands, with the text of its line."""
        if node is None:
            return Location(self.name)
        return self.place(node.line, node.column, node.width)

    def place(self, line: int, column: int, width: int = 1) -> Location:
        """Return the place at `line` and `column`, both from 1."""
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return Location(self.name, line, column, source=text, width=width)


@dataclass(slots=True)
class Parsed:
    """The documents of one file, as far as they could be read, and what was wrong."""

    file: SourceFile
    documents: list[Node]
    problems: list[Problem]


class _TreeError(Exception):
    """Reading this file cannot go on."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem)


def parse(name: str, raw: bytes, *, limited: bool = True) -> Parsed:
    """Read all documents of `raw`; a fault ends the file, what stands before it is kept.

    `limited=False` lifts the bounds on size and number of nodes, for OpenAPI documents.
    """
    file = SourceFile(name, [])
    if limited and len(raw) > MAX_BYTES:
        what = f"the file has {len(raw):,} bytes, more than the {MAX_BYTES:,} a scenario may have"
        mend = "make long streams with repeat or each"
        return Parsed(file, [], [Problem(Location(name), what, "file-too-large", mend)])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        where = Location(name, line, column)
        what = f"byte 0x{raw[error.start]:02x} is no UTF-8"
        return Parsed(file, [], [Problem(where, what, "not-utf8", "save the file as UTF-8")])
    file.lines = re.split(r"\r\n|\r|\n", text)
    stand_ins = _stand_ins(text)
    builder = _Builder(file, {to: ord(char) for char, to in stand_ins.items()}, limited=limited)
    try:
        builder.read(text.translate({ord(char): to for char, to in stand_ins.items()}))
    except _TreeError as error:
        builder.problems.append(error.problem)
    except yaml.YAMLError as error:
        builder.problems.append(_syntax(file, text, error))
    return Parsed(file, builder.documents, builder.problems)


def _stand_ins(text: str) -> dict[str, int]:
    """Return a private code point for each character that ends a line in YAML 1.1 only.

    YAML 1.2.2 § 5.4: NEL, U+2028 and U+2029 are characters like others.
    """
    present = [char for char in "\x85\u2028\u2029" if char in text]
    unused = (code for code in range(0xE000, 0xF900) if chr(code) not in text)
    return dict(zip(present, unused, strict=False))


@dataclass(slots=True)
class _Open:
    """A collection still being read, and for a mapping the key that waits for its value."""

    node: Sequence | Mapping
    anchor: str | None
    key: Scalar | None = None


class _Builder:
    """Turns the parser's events into nodes."""

    def __init__(self, file: SourceFile, restored: dict[int, int], *, limited: bool) -> None:
        self.file = file
        self._restored = restored
        self.documents: list[Node] = []
        self.problems: list[Problem] = []
        self._max_nodes = MAX_NODES if limited else 10_000_000
        self._anchors: dict[str, Node | None] = {}
        self._open: list[_Open] = []

    def read(self, text: str) -> None:
        parser = _Parser(text)
        while True:
            event = parser.get_event()
            match event:
                case None:
                    return
                case yaml.ScalarEvent():
                    self._place(self._scalar(event), event.anchor)
                case yaml.MappingStartEvent():
                    self._enter(Mapping(*self._start(event), entries={}), event)
                case yaml.SequenceStartEvent():
                    flow = bool(event.flow_style)
                    self._enter(Sequence(*self._start(event), items=[], flow=flow), event)
                case yaml.CollectionEndEvent():
                    self._leave()
                case yaml.AliasEvent():
                    self._place(self._aliased(event), None)
                case yaml.DocumentStartEvent():
                    self._anchors.clear()

    def _start(self, event: Any) -> tuple[int, int, int, int, int]:
        mark = event.start_mark
        return mark.line + 1, mark.column + 1, 1, 1, 0

    def _fail(self, where: Location, what: str, code: str, mend: str = "") -> _TreeError:
        return _TreeError(Problem(where, what, code, mend))

    def _scalar(self, event: Any) -> Scalar:
        start, end = event.start_mark, event.end_mark
        width = end.column - start.column if end.line == start.line else 1
        plain = not event.style
        text: str = event.value
        if self._restored:
            text = text.translate(self._restored)
        value = self._value(event, text, plain=plain)
        return Scalar(start.line + 1, start.column + 1, max(width, 1), 1, 0, text, value, plain)

    def _value(self, event: Any, text: str, *, plain: bool) -> Any:
        tag = event.tag
        if tag is None:
            return core_value(text) if plain else text
        if tag == "!" or tag == CORE + "str":
            return text
        if not self._check_tag(event):
            return text
        value = core_value(text)
        wanted = tag.removeprefix(CORE)
        kinds = {"int": int, "float": (int, float), "bool": bool, "null": type(None)}
        if wanted not in kinds or not isinstance(value, kinds[wanted]):  # type: ignore[arg-type]
            mark = event.start_mark
            where = self.file.place(mark.line + 1, mark.column + 1)
            self.problems.append(
                Problem(where, f"{text!r} is no !!{wanted}", "bad-tag", "leave the tag out")
            )
        return float(value) if wanted == "float" and isinstance(value, int) else value

    def _check_tag(self, event: Any) -> bool:
        """Whether the tag is one of the core's; says so where it is not."""
        if event.tag is None or event.tag == "!" or event.tag in _CORE_TAGS:
            return True
        mark = event.start_mark
        tag = event.tag.replace(CORE, "!!")
        where = self.file.place(mark.line + 1, mark.column + 1, len(tag))
        mend = "leave the tag out; only YAML 1.2's core tags are known"
        self.problems.append(Problem(where, f"unknown tag {tag}", "bad-tag", mend))
        return False

    def _aliased(self, event: Any) -> Node:
        mark = event.start_mark
        where = self.file.place(mark.line + 1, mark.column + 1, len(event.anchor) + 1)
        if event.anchor not in self._anchors:
            what = f"alias *{event.anchor} has no anchor before it"
            raise self._fail(where, what, "unknown-alias", f"define it with &{event.anchor}")
        node = self._anchors[event.anchor]
        if node is None:
            what = f"alias *{event.anchor} stands inside what it names"
            raise self._fail(where, what, "cyclic-alias", "write the part out once more")
        if len(self._open) + node.height > MAX_DEPTH:
            raise self._too_deep(where)
        return node

    def _enter(self, node: Sequence | Mapping, event: Any) -> None:
        self._check_tag(event)
        if len(self._open) >= MAX_DEPTH:
            raise self._too_deep(self.file.at(node))
        if event.anchor:
            self._anchors[event.anchor] = None
        parent = self._open[-1] if self._open else None
        if parent and isinstance(parent.node, Mapping) and parent.key is None:
            raise self._not_a_key(node)
        self._open.append(_Open(node, event.anchor))

    def _too_deep(self, where: Location) -> _TreeError:
        return self._fail(where, f"nested more than {MAX_DEPTH} deep", "too-deep", "flatten it")

    def _not_a_key(self, node: Node) -> _TreeError:
        where = self.file.place(node.line, max(node.column - 1, 1), 2)
        if where.source[where.column - 1 :].startswith("{{"):
            what = "a template has to stand in quotes: YAML reads {{ as the start of a mapping"
            return self._fail(where, what, "unquoted-template", 'write "{{ … }}"')
        what = "a list or mapping cannot be a key"
        return self._fail(self.file.at(node), what, "bad-key", "use text as the key")

    def _leave(self) -> None:
        closed = self._open.pop()
        self._place(closed.node, closed.anchor)

    def _place(self, node: Node, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = node
        if not self._open:
            self.documents.append(node)
            return
        parent = self._open[-1]
        if isinstance(parent.node, Sequence):
            parent.node.items.append(node)
        elif parent.key is None:
            parent.key = self._as_key(node)
            return
        else:
            self._enter_value(parent.node, parent.key, node)
            parent.key = None
        parent.node.size += node.size
        parent.node.height = max(parent.node.height, node.height + 1)
        if parent.node.size > self._max_nodes:
            what = f"more than {self._max_nodes:,} nodes once aliases are written out"
            raise self._fail(self.file.at(node), what, "too-many-nodes", "use repeat or each")

    def _as_key(self, node: Node) -> Scalar:
        if isinstance(node, Scalar):
            return node
        raise self._fail(
            self.file.at(node),
            "a list or mapping cannot be a key",
            "bad-key",
            "use text as the key",
        )

    def _enter_value(self, parent: Mapping, key: Scalar, node: Node) -> None:
        if key.text in parent.entries:
            first = parent.entries[key.text][0]
            what = f"key {key.text!r} stands here twice, first in line {first.line}"
            mend = "keep one of the two"
            self.problems.append(Problem(self.file.at(key), what, "duplicate-key", mend))
            return
        if key.text == "<<" and key.plain:
            what = "YAML 1.2 has no merge key <<"
            mend = "write the keys out"
            self.problems.append(Problem(self.file.at(key), what, "merge-key", mend))
            return
        parent.entries[key.text] = (key, node)


def core_value(text: str) -> str | int | float | bool | None:
    """Return what a plain scalar means by the core schema (YAML 1.2.2 § 10.3.2)."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789" or len(text) > _MAX_DIGITS:
        return text
    if INTEGER.fullmatch(text):
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        return int(text, base)
    if FLOAT.fullmatch(text):
        return float(text)
    if NOT_FINITE.fullmatch(text):
        return float(text.replace(".", "", 1))
    return text


def _syntax(file: SourceFile, text: str, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:  # the reader's own error knows a position only
        position = getattr(error, "position", 0)
        line = text.count("\n", 0, position) + 1
        where = file.place(line, position - (text.rfind("\n", 0, position) + 1) + 1)
        reason = getattr(error, "reason", None) or str(error).partition("\n")[0]
        return Problem(where, f"not YAML: {reason}", "yaml-syntax", "write it as a \\ escape")
    where = file.place(mark.line + 1, mark.column + 1)
    if re.search(r"""[:\-]\s+\{\{""", where.source):
        column = where.source.index("{{") + 1
        what = "a template has to stand in quotes: YAML reads {{ as the start of a mapping"
        return Problem(
            file.place(where.line, column, 2), what, "unquoted-template", 'write "{{ … }}"'
        )
    context = getattr(error, "context", None)
    reason = getattr(error, "problem", None) or "cannot be read"
    what = f"not YAML: {reason}" + (f" ({context})" if context else "")
    return Problem(where, what, "yaml-syntax", _syntax_mend(where.source, reason))


def _syntax_mend(line: str, reason: str) -> str:
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "indent with spaces, not tabs"
    if "mapping values are not allowed" in reason:
        return "quote the text that holds ': ', or check the indentation"
    if "cannot start any token" in reason:
        return "quote the text that begins with this character"
    return "check the quotes, brackets and indentation up to here"
