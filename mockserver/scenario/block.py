"""Blocks that are made when they are due, and how their templates are filled in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from mockserver.errors import value_text
from mockserver.scenario.model import EventStep, RawStep
from mockserver.scenario.template import RenderError, Template
from mockserver.scenario.units import FOREVER, UnitError, span
from mockserver.sse.encode import PLAIN, Event, Form, breaks_line, encode, json_text, utf8
from mockserver.sse.items import reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mockserver.errors import Location
    from mockserver.scenario.model import BlockStep, Text
    from mockserver.sse.encode import Framing

Fields: TypeAlias = tuple[str | None, str, str | None]
"""Type, data and id of an event that has data, without which no client gets it."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block that is made when it is due: it has templates, or goes out as it is or in parts.

    `path` is its address for chance. `again` says that a cut of it ends the connection, so that
    it is whole when it is sent again.
    """

    path: str
    step: EventStep | RawStep
    form: Form = PLAIN
    again: bool = False

    @property
    def alone(self) -> bool:
        """Whether it leaves in a write of its own."""
        return isinstance(self.step, RawStep) or self.step.cut is not None

    @property
    def dispatched(self) -> bool:
        """Whether it counts as an event, not only as a comment or a retry."""
        return isinstance(self.step, RawStep) or is_event(self.step)

    def data(self, scope: Scope, *, again: bool = False, event: Event | None = None) -> bytes:
        """Return the bytes that go out; `again` when they did before. Raises RenderError.

        `event` is the block as it has been rendered already.
        """
        step = self.step
        if isinstance(step, RawStep):
            whole = raw_bytes(step.raw, scope.at(self.path, "raw"))
        else:
            whole = self.encoded(event or self.event(scope), scope)
        if step.cut is None or (again and self.again):
            return whole
        cut = number(step.cut, scope.at(self.path, "cut"), "cut")
        if abs(cut) > len(whole):
            raise RenderError(step.where, beyond(cut, len(whole)))
        return whole[:cut]

    def encoded(self, event: Event, scope: Scope) -> bytes:
        """Return the bytes of the whole block."""
        choose = None if self.form.newline else scope.chooser(self.path, "newline")
        return encode(event, self.form, choose)

    def event_if_any(self, scope: Scope) -> Event | None:
        """Return the block as it is in `scope`, None for raw bytes. Raises RenderError."""
        return None if isinstance(self.step, RawStep) else self.event(scope)

    def event(self, scope: Scope) -> Event:
        """Return the block as it is in `scope`. Raises RenderError."""
        step = self.step
        assert not isinstance(step, RawStep)
        return Event(
            comment=self._field("comment", step.comment, scope, lines=True),
            event=self._field("event", step.event, scope),
            id=self.id(scope),
            retry=self._retry(step, scope),
            data=data_text(step.data, scope.at(self.path, "data"), step.where, self.form)
            if step.has_data
            else None,
        )

    def id(self, scope: Scope) -> str | None:
        """Return the id alone, which is what a search for it needs. Raises RenderError."""
        assert not isinstance(self.step, RawStep)
        return self._field("id", self.step.id, scope)

    def _field(
        self, name: str, text: Text | None, scope: Scope, *, lines: bool = False
    ) -> str | None:
        if not isinstance(text, Template):
            return text
        value = text.text(scope.at(self.path, name))
        if not lines and breaks_line(value):
            raise RenderError(text.where, f"{name} has a line end: {value!r}")
        if name == "id" and "\0" in value:
            raise RenderError(text.where, f"id has a NUL, which makes clients ignore it: {value!r}")
        return value

    def _retry(self, step: EventStep, scope: Scope) -> int | None:
        retry = step.retry
        if not isinstance(retry, Template):
            return retry
        value = retry.value(scope.at(self.path, "retry"))
        time = _milliseconds(value) if isinstance(value, str) else value
        if type(time) is not int or time < 0:
            raise RenderError(
                retry.where, f"retry is no number of milliseconds: {value_text(value)}"
            )
        return time


class Scope(Protocol):
    """What the templates of one connection see; made in `play`, where chance and time live."""

    def at(self, path: str, field: str) -> Mapping[str, Any]:
        """Return the names in reach of the field `field` of the step `path`."""

    def chooser(self, path: str, field: str) -> Callable[[Sequence[str]], str]:
        """Return what draws one of several texts for that field."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A scope with nothing but counters."""

    names: dict[str, int]

    def at(self, path: str, field: str) -> Mapping[str, int]:  # noqa: ARG002
        """Return the counters, whoever asks."""
        return self.names

    def chooser(self, path: str, field: str) -> Callable[[Sequence[str]], str]:
        """Draw nothing: where line ends are drawn, nothing is counted."""
        raise NotImplementedError(path, field)


def data_text(value: Any, names: Mapping[str, Any], where: Location, form: Form = PLAIN) -> str:
    """Return what stands after `data:`, a text as it is, any other value as JSON; or an item."""
    rendered = filled(value, names)
    if isinstance(rendered, str) and form.framing == "sse":
        return rendered
    try:
        return json_text(rendered)
    except (ValueError, TypeError) as error:
        raise RenderError(where, f"data is no JSON value: {error}") from None


def filled(value: Any, names: Mapping[str, Any]) -> Any:
    """Return `value` with every template in it rendered, leaf by leaf. Raises RenderError."""
    match value:
        case Template():
            return value.value(names)
        case dict():
            return {key: filled(item, names) for key, item in value.items()}
        case list():
            return [filled(item, names) for item in value]
    return value


def filled_text(value: Text, names: Mapping[str, Any]) -> str:
    """Return a text with its templates rendered. Raises RenderError."""
    return value.text(names) if isinstance(value, Template) else value


def echoed(id_: str | None) -> str | None:
    """Return an id as Last-Event-ID brings it back: a header has no space at its ends.

    RFC 9110 § 5.5; WHATWG § 9.2.4.
    """
    return None if id_ is None else id_.strip(" \t")


def raw_bytes(value: Text | bytes, names: Mapping[str, Any]) -> bytes:
    """Return bytes as they are, a text with its templates rendered as UTF-8."""
    return value if isinstance(value, bytes) else utf8(filled_text(value, names))


def number(value: int | Template, names: Mapping[str, Any], what: str) -> int:
    """Return a whole number, rendered where it is a template. Raises RenderError."""
    if not isinstance(value, Template):
        return value
    found = value.value(names)
    if isinstance(found, str):
        digits = found.removeprefix("-")
        found = int(found) if digits.isascii() and digits.isdigit() else found
    if type(found) is not int:
        raise RenderError(value.where, f"{what} is no whole number: {value_text(found)}")
    return found


def beyond(cut: int, size: int) -> str:
    """Return what is wrong with a cut that a block of `size` bytes does not have."""
    return f"cut: {cut} goes beyond this block, which has {size} byte{'' if size == 1 else 's'}"


def _milliseconds(text: str) -> int | None:
    """Return `1500`, `1500ms` or `2s` as milliseconds, None for anything else."""
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        found = span(text)
    except UnitError:
        return None
    return round(found.shortest * 1000) if found.fixed and found.shortest != FOREVER else None


def is_event(step: EventStep) -> bool:
    """Whether the block is an event: it has more than a comment or a reconnection time."""
    return step.has_data or step.event is not None or step.id is not None


def static_event(step: EventStep, form: Form = PLAIN) -> Event:
    """Return the block of a step without templates."""
    data = data_text(step.data, {}, step.where, form) if step.has_data else None
    return Event(
        comment=step.comment,  # type: ignore[arg-type]  # without templates these are texts
        event=step.event,  # type: ignore[arg-type]
        id=step.id,  # type: ignore[arg-type]
        retry=step.retry,  # type: ignore[arg-type]
        data=data,
    )


def written_events(step: BlockStep, framing: Framing = "sse") -> Iterator[Fields]:
    """Yield the events of a step that has no templates and is not cut."""
    if isinstance(step, EventStep):
        event = static_event(step, Form(framing=framing))
        if event.data is not None:
            yield event.event, event.data, event.id
    elif isinstance(step, RawStep):
        for heard in reader(framing).feed(raw_bytes(step.raw, {})):
            yield heard.type, heard.data, heard.last_event_id
