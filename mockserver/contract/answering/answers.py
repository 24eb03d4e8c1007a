"""What an ordinary operation answers by itself: the document's examples, else values it allows."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mockserver.contract.answering.bodies import body_of, file_of, full_type, is_xml
from mockserver.contract.answering.echo import Echo
from mockserver.contract.answering.headers import header_text, is_answered
from mockserver.contract.answering.locations import location
from mockserver.contract.examples import Example, declared, named
from mockserver.contract.media import concrete, framing, is_json, preferred, quality
from mockserver.contract.sampling.sample import Unsatisfiable, sample
from mockserver.contract.values import value_violations
from mockserver.errors import ControlError, did_you_mean

if TYPE_CHECKING:
    from mockserver.contract.operations import Operation
    from mockserver.contract.place import Place

_EMPTY: Final = frozenset({204, 205, 304})
"""Statuses without content (RFC 9110 § 15)."""
_KEPT: Final = 1_000
"""Answers of one document that are kept, the bytes of none more than `_KEPT_BYTES`."""
_KEPT_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class Answer:
    """What an ordinary operation answers; no media type and no body where none is declared."""

    status: int
    media_type: str | None
    headers: dict[str, str]
    body: bytes


class Wish(NamedTuple):
    """What a request has to say about its answer.

    `status` and `example` are asked for by name, `accept` is the header, `path` has the path
    parameters, decoded. `prefix` is what stands before the paths of the request's session. All
    chance is drawn from `seed`.
    """

    status: int | None = None
    example: str | None = None
    accept: str = "*/*"
    path: tuple[tuple[str, str], ...] = ()
    prefix: str = ""
    seed: str = "0"


def answer(operation: Operation, wish: Wish) -> Answer:
    """Return what the document answers to a wish. Raises ControlError.

    The status asked for, else that of the example asked for, else the usual one (see
    `Operation.response`). Of the media types the one that the Accept prefers. An error is told
    whatever the Accept says: RFC 9110 § 12.5.1 leaves that to the server.
    """
    kept: dict[tuple[str, Wish], Answer]
    with operation.document.turn:
        kept = operation.document.cache.setdefault("answers", {})
        found = kept.get((operation.id, wish))
        if found is None:
            found = _Maker(operation, wish).answer()
            if len(found.body) <= _KEPT_BYTES:
                kept[operation.id, wish] = found
            if len(kept) > _KEPT:
                del kept[next(iter(kept))]
        return found


def lenient_answer(operation: Operation, wish: Wish) -> Answer | None:
    """Return the same whatever the Accept says, and None where there is none."""
    try:
        return answer(operation, wish)
    except ControlError as error:
        if error.code != "not-acceptable":
            return None
    return lenient_answer(operation, wish._replace(accept="*/*"))


class _Maker:
    """Makes one answer."""

    def __init__(self, operation: Operation, wish: Wish) -> None:
        self._operation = operation
        self._document = operation.document
        self._wish = wish
        self._echo = Echo(self._document, operation.path, dict(wish.path))

    def answer(self) -> Answer:
        status, response = self._response()
        media_type, body = self._content(status, response)
        return Answer(status, media_type, self._headers(response, body), body)

    # The response

    def _response(self) -> tuple[int, Place]:
        wish = self._wish
        if wish.status is None and wish.example is not None:
            found = self._with_example(wish.example)
            if found is not None:
                return found
        found = self._operation.response(wish.status)
        if found is None:
            names = [name for name, _ in self._operation.responses()]
            raise ControlError(
                400 if wish.status is not None else 501,
                f"{self._operation.id} declares no response {wish.status or '2xx'}",
                code="unknown-response",
                mend=f"it declares {', '.join(names) or 'none at all'}",
            )
        return found

    def _with_example(self, name: str) -> tuple[int, Place] | None:
        """Return the response that has an example of that name: the usual one goes first."""
        usual = self._operation.response(None)
        others = [
            (number, place)
            for key, place in self._operation.responses()
            if (number := _number(key)) is not None
        ]
        for status, response in [*([usual] if usual else []), *others]:
            for _, holder in self._operation.content(response):
                if any(example.name == name for example in declared(self._document, holder)):
                    return status, response
        return None

    # The body

    def _content(self, status: int, response: Place) -> tuple[str | None, bytes]:
        declared_ = dict(self._operation.content(response))
        # An error is an ordinary body, whatever its media type.
        content = {k: v for k, v in declared_.items() if status >= 300 or framing(k) is None}
        wish = self._wish
        if declared_ and not content and status not in _EMPTY and wish.example is None:
            raise self._only_a_stream()
        if not content or status in _EMPTY:
            if wish.example is not None:
                raise self._unknown_example(wish.example)
            return None, b""
        types = self._acceptable(status, content)
        # What is shown goes before what would have to be made, wherever the Accept leaves it open.
        for media_type in types:
            holder = content[media_type]
            shown = named(self._document, holder, wish.example)
            if shown is not None:
                return self._shown(media_type, holder, shown)
        if wish.example is not None:
            raise self._unknown_example(wish.example)
        return self._made(types[0], content[types[0]])

    def _only_a_stream(self) -> ControlError:
        """Say that this would be a stream, which is played and not answered."""
        return ControlError(
            501,
            f"{self._operation.id} has no scenario, and the document shows no events to stream",
            code="no-example",
            mend=f"write a scenario with 'operation: {self._operation.id}'",
        )

    def _acceptable(self, status: int, content: dict[str, Place]) -> list[str]:
        accept = self._wish.accept
        if status < 400 and all(quality(media_type, accept) <= 0 for media_type in content):
            raise ControlError(
                406,
                f"{self._operation.id} has nothing that the Accept {accept!r} takes",
                code="not-acceptable",
                mend=f"accept one of {', '.join(content)}",
                available=list(content),
            )
        return preferred(content, accept)

    def _unknown_example(self, name: str) -> ControlError:
        names = self._operation.example_names()
        return ControlError(
            400,
            f"{self._operation.id} has no example {name!r} for this answer",
            code="unknown-example",
            mend="it is shown for another status: leave the code out"
            if name in names
            else did_you_mean(name, names) or "the document shows none by name here",
            examples=names,
        )

    def _shown(self, media_type: str, holder: Place, shown: Example) -> tuple[str, bytes]:
        """Return the media type to send, and an example as its body."""
        accept = self._wish.accept
        text = isinstance(shown.value, str) and as_it_stands(media_type, shown)
        if text and not self._is_value(media_type, holder.get("schema"), shown):
            kind = concrete(media_type, accept, text=True)
            return full_type(kind), shown.value.encode("utf-8", "replace")
        return self._written(media_type, holder.get("schema"), shown.value)

    def _is_value(self, media_type: str, schema: Place, shown: Example) -> bool:
        """Tell whether a text that reads as JSON is meant as the text, by its schema alone."""
        if shown.serialized or not is_json(media_type) or schema.value is None:
            return False
        read = json.loads(shown.value)
        return self._breaks(schema, read) and not self._breaks(schema, shown.value)

    def _made(self, media_type: str, holder: Place) -> tuple[str, bytes]:
        """Return the media type to send, and as its body what its schema allows."""
        kind = concrete(media_type, self._wish.accept, text=True, usual="image/png")
        schema, file = holder.get("schema"), file_of(kind)
        if file is not None:
            return kind, file
        if schema.value is None or schema.value is True or schema.value == {}:
            bare: Any = {} if is_json(media_type) or is_xml(media_type) else "text"
            return self._written(media_type, schema, bare)
        try:
            value = sample(self._document, schema, self._wish.seed)
        except Unsatisfiable as error:
            raise ControlError(
                501,
                f"{self._operation.id} has no scenario and no example, and nothing fits its "
                f"schema: {error}",
                code="unsatisfiable-schema",
                mend=f"mend the schema at {schema.pointer}, or write a scenario with "
                f"'operation: {self._operation.id}'",
            ) from None
        return self._written(media_type, schema, value)

    def _written(self, media_type: str, schema: Place, value: Any) -> tuple[str, bytes]:
        value = self._echoed(schema, value)
        kind = concrete(media_type, self._wish.accept, text=isinstance(value, str))
        return full_type(kind), body_of(self._document, kind, schema, value)

    def _echoed(self, schema: Place, value: Any) -> Any:
        """Let the answer be about what was asked for, unless that would break its schema.

        An example that is asked for by name comes as the document has it.
        """
        if self._wish.example is not None:
            return value
        if not self._echo or not isinstance(value, dict | list):
            return value
        echo = Echo(self._document, self._operation.path, dict(self._wish.path))
        changed = echo.change(schema, copy.deepcopy(value))
        if changed == value or self._breaks(schema, changed) > self._breaks(schema, value):
            return value
        self._echo = echo
        return changed

    def _breaks(self, schema: Place, value: Any) -> bool:
        return bool(value_violations(self._document, schema, value, "body"))

    # Headers

    def _headers(self, response: Place, body: bytes) -> dict[str, str]:
        headers = {}
        for name, place in self._document.get(response, "headers").members():
            holder = self._document.follow(place)
            if not is_answered(name):
                continue
            text = header_text(self._document, name, holder, self._wish.seed)
            if name.lower() in {"location", "content-location"}:
                text = self._location(holder, text, body)
            if text is not None:
                headers[name] = text
        return headers

    def _location(self, holder: Place, text: str | None, body: bytes) -> str | None:
        """Return where a thing is: as the document shows it, else where its operation has it."""
        own = None
        if named(self._document, holder, None) is None:
            own = location(self._operation, dict(self._wish.path), body)
        text = own or (text and self._echo.link(text))
        within = text is not None and text.startswith("/") and not text.startswith("//")
        return f"{self._wish.prefix}{text}" if within else text


def _number(name: str) -> int | None:
    """Return a status that a response of that name is declared for."""
    if re.fullmatch(r"[1-5]\d\d", name):
        return int(name)
    if re.fullmatch(r"[1-5][xX]{2}", name):
        return int(name[0]) * 100
    return 500 if name == "default" else None


def as_it_stands(media_type: str, example: Example) -> bool:
    """Tell whether a text is the body itself; in the wild it often is JSON written out."""
    if example.serialized or not is_json(media_type):
        return True
    try:
        return isinstance(json.loads(example.value), dict | list)
    except ValueError:
        return False
