"""Makes one scenario of one story: its keys in the order in which a person would write them."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from mockserver.capture import heads, steps
from mockserver.capture.blocks import readable
from mockserver.capture.exchange import DISCONNECTS
from mockserver.capture.heartbeats import beat_of
from mockserver.capture.steps import Script, Telling, script
from mockserver.capture.times import exact, rounded, told
from mockserver.contract.media import essence, is_json
from mockserver.play.answer import EMPTY_STATUSES
from mockserver.scenario.yamltext import Verbatim, without_templates

if TYPE_CHECKING:
    from mockserver.capture.options import Options
    from mockserver.capture.seen import Seen
    from mockserver.capture.stories import Story

_SLOW: Final = 0.2
"""Seconds before a head from which on they are worth a word."""
_BODY: Final = 50_000
"""Bytes of a body that is written into the scenario; a larger one has a file of its own."""
_SUFFIXES: Final = {
    "application/json": ".json", "text/html": ".html", "text/csv": ".csv", "image/png": ".png",
    "image/jpeg": ".jpg", "application/pdf": ".pdf", "application/xml": ".xml",
}  # fmt: skip
_PACED: Final = 3
"""Waits that a `pace` has to spare before it is worth a line."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a story is told: plain first, and with less comfort where that would not be the same."""

    fold: bool = True
    """Whether heartbeats and loops are written as such."""
    ignore: bool = False
    """Whether a Last-Event-ID has nothing to do with what comes next."""
    raw: bool = False


@dataclass(slots=True)
class Row:
    """One connection as the scenario has it, or several that are alike."""

    one: Seen
    response: dict[str, Any] = field(default_factory=dict)
    wire: dict[str, Any] = field(default_factory=dict)
    steps: list[dict[str, Any]] | None = None
    delay: float = 0.0
    """The wait before a connection breaks without an answer."""
    times: int = 1

    @property
    def headless(self) -> bool:
        """Whether nothing follows its head, which would not be sent unless it is written."""
        return [list(step) for step in (self.steps or ())[:1]] == [["disconnect"]]

    @property
    def held(self) -> bool:
        """Whether it stayed open without an answer."""
        return self.one.kind == "broken" and self.one.exchange.unended

    @property
    def said(self) -> dict[str, Any]:
        """The connection as a mapping."""
        found: dict[str, Any] = {}
        if self.held:
            found = {"response": {"delay": Verbatim("forever")}}
        elif self.one.kind == "broken":
            end = DISCONNECTS[self.one.exchange.end]
            found = {"disconnect": end} | ({"delay": told(self.delay)} if self.delay else {})
        else:
            found |= {"response": self.response} if self.response else {}
            if self.headless and not self.response:
                found["response"] = {"status": self.one.exchange.status}
            found |= {"wire": self.wire} if self.wire else {}
            found |= {} if self.steps is None else {"steps": self.steps}
        return found | ({"times": self.times} if self.times > 1 else {})


@dataclass(slots=True)
class Scenario:
    """A scenario as mappings and lists, with the files that its bodies stand in."""

    keys: dict[str, Any]
    files: dict[str, bytes] = field(default_factory=dict)


def scenario(story: Story, name: str, options: Options, plan: Plan) -> Scenario:
    """Return what tells a story; `name` is the scenario's, after which files are named."""
    teller = _Teller(story, name, options, plan)
    return Scenario(teller.keys(), teller.files)


class _Teller:
    def __init__(self, story: Story, name: str, options: Options, plan: Plan) -> None:
        self._story = story
        self._name = name
        self._options = options
        self._plan = plan
        self.files: dict[str, bytes] = {}
        keep = options.exact
        scripts = {
            one: script(one, keep=keep, raw=plan.raw)
            for one in story.seen
            if one.kind in ("stream", "bytes")
        }
        streams = [found for one, found in scripts.items() if one.kind == "stream"]
        beat = beat_of(streams, keep=keep) if streams and plan.fold and not plan.raw else None
        self._telling = Telling(keep, 0.0, beat, plan.fold)
        self._telling = replace(self._telling, pace=self._pace(streams))
        self._rows = self._collapsed([self._row(one, scripts.get(one)) for one in story.seen])

    def _pace(self, scripts: list[Script]) -> float:
        """Return the wait that most events have before them, where saying it once saves lines."""
        counts: dict[float, int] = {}
        for found in scripts:
            items, _ = steps.timed(found, self._telling)
            for wait, count in steps.paces(items).items():
                counts[wait] = counts.get(wait, 0) + count
        at_once = counts.pop(0.0, 0)
        wait, count = max(counts.items(), key=lambda item: item[1], default=(0.0, 0))
        return wait if count - at_once >= _PACED else 0.0

    # --- one connection ----------------------------------------------------------------------

    def _row(self, one: Seen, found: Script | None) -> Row:
        row = Row(one)
        if one.kind == "broken":
            row.delay = self._wait(one, max(one.exchange.ended, one.exchange.answered))
            return row
        if found is None:
            row.response = self._answer(one)
        else:
            head = heads.stream_head if one.kind == "stream" else self._bytes_head
            row.response = head(one, self._options.source)
            last = one is self._story.seen[-1]
            row.steps = steps.steps(found, self._telling, last=last)
            row.wire = found.wire | self._transport(one)
        delay = self._wait(one, one.exchange.answered)
        row.response |= {"delay": told(delay)} if delay else {}
        return row

    def _wait(self, one: Seen, until: float) -> float:
        """Return the seconds from a request to a moment, 0 where they are not worth a word."""
        seconds = max(0.0, until - one.exchange.at)
        if self._options.exact:
            return exact(seconds)
        return rounded(seconds) if seconds >= _SLOW else 0.0

    def _bytes_head(self, one: Seen, source: str) -> dict[str, Any]:
        """Return the head of a body that did not come to its end, which only steps can send."""
        head = heads.answer_head(one, text=False, source=source)
        kind = one.exchange.header("content-type")
        headers = {"Content-Type": kind} | head.get("headers", {})
        return head | {"headers": headers}

    def _transport(self, one: Seen) -> dict[str, Any]:
        """Return how the body was laid on the wire: its coding, and what told its end."""
        said: dict[str, Any] = {}
        if one.body.coding:
            said["encoding"] = one.body.coding
        length = (one.exchange.header("content-length") or "").strip()
        if one.exchange.transfer == "close":
            said["transfer"] = "close"
        elif one.exchange.transfer == "length" and length.isdecimal() and not one.body.coding:
            said["transfer"] = {"length": int(length)}
        return said

    def _answer(self, one: Seen) -> dict[str, Any]:
        """Return the response of a whole answer, its body as data where that is the same."""
        body, kind = one.body.data, one.exchange.header("content-type") or ""
        text = None
        if len(body) <= _BODY:
            with suppress(UnicodeDecodeError):
                text = body.decode()
        value = _data(text, kind) if text else text
        as_text = isinstance(value, str) or text is None
        head = heads.answer_head(one, text=as_text, source=self._options.source)
        if text is None:
            return head | {"body": {"file": self._file(body, kind)}}
        if not body and one.exchange.status in EMPTY_STATUSES:
            return head
        return head | {"body": without_templates(value)}

    def _file(self, body: bytes, kind: str) -> str:
        suffix = _SUFFIXES.get(essence(kind), ".json" if is_json(kind) else ".bin")
        number = f"-{len(self.files) + 1}" if self.files else ""
        known = next((name for name, data in self.files.items() if data == body), None)
        path = known or f"bodies/{self._name}{number}{suffix}"
        self.files[path] = body
        return path

    def _collapsed(self, rows: list[Row]) -> list[Row]:
        """Return rows, those in a row that are alike as one."""
        found: list[Row] = []
        for row in rows:
            row.times = found[-1].times if found else 1
            if found and found[-1].said == row.said and row.one.kind != "stream":
                found[-1].times += 1
                continue
            row.times = 1
            found.append(row)
        return found

    # --- the whole ---------------------------------------------------------------------------

    def keys(self) -> dict[str, Any]:
        """Return the scenario's keys from `identity` on."""
        rows = self._rows
        said = self._client_keys() | self._stream_keys()
        if len(rows) == 1 and rows[0].one.kind == "answer":
            return said | {"response": rows[0].response}
        if len(rows) == 1 and rows[0].held:
            return said | rows[0].said
        if (short := self._short(rows)) is not None:
            return said | short
        said |= _common(rows)
        said["connections"] = [row.said for row in rows]
        return said | ({"afterwards": "repeat"} if rows[-1].one.kind == "answer" else {})

    def _client_keys(self) -> dict[str, Any]:
        """Return what is said of the client, and of the contract."""
        rows, said = self._rows, dict[str, Any]()
        if len({one.exchange.target for one in self._story.seen}) > 1:
            said["identity"] = "path"
        if len(rows) > 1 and not self._story.streams:
            said["patience"] = Verbatim("forever")
        if any(row.one.kind == "bytes" and not row.one.operation.streams for row in rows):
            said["violates"] = "The answer was cut off before its end."
        elif any(_is_broken(row.one) for row in rows):
            said["violates"] = "The body is no JSON, though its Content-Type says so."
        return said

    def _stream_keys(self) -> dict[str, Any]:
        """Return what is said of all streams of the story."""
        said: dict[str, Any] = {}
        if self._telling.pace:
            said["pace"] = told(self._telling.pace)
        if self._telling.beat:
            said["heartbeat"] = self._telling.beat.said()
        return said | ({"resume": "ignore"} if self._plan.ignore else {})

    def _short(self, rows: list[Row]) -> dict[str, Any] | None:
        """Return the story as one `stream`, None where connections differ in more than steps."""
        first = rows[0]
        if any(row.steps is None or row.times > 1 for row in rows):
            return None
        if any((row.response, row.wire) != (first.response, first.wire) for row in rows[1:]):
            return None
        if any(row.one.exchange.unended for row in rows[:-1]):
            return None
        if any(row.headless for row in rows):
            return None
        said = {"response": first.response} if first.response else {}
        said |= {"wire": first.wire} if first.wire else {}
        return said | {"stream": [step for row in rows for step in row.steps or ()]}


def _common(rows: list[Row]) -> dict[str, Any]:
    """Take out of rows what all of them say, and return it as the scenario's own."""
    told = [row for row in rows if row.one.kind != "broken"]
    said: dict[str, Any] = {}
    if len(told) < 2 or any(row.steps is None for row in told):
        return said
    for name in ("response", "wire"):
        if name == "response" and any(row.headless for row in told):
            continue
        found = getattr(told[0], name)
        if found and all(getattr(row, name) == found for row in told):
            said[name] = found
            for row in told:
                setattr(row, name, {})
    return said


def _is_broken(one: Seen) -> bool:
    """Whether a body is not the JSON that it is said to be."""
    body, kind = one.body.data, one.exchange.header("content-type") or ""
    if one.kind != "answer" or one.body.sealed or not body or not is_json(kind):
        return False
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return True
    return False


def _data(text: str, kind: str) -> Any:
    """Return the value of a JSON text that is written as this very text, else the text."""
    found = readable(text) if is_json(kind) else None
    if found is None or found[0] is None:
        return text
    is_file = isinstance(found[0], dict) and list(found[0]) == ["file"]
    return text if is_file else found[0]
