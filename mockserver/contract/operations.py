"""The operations of a document: where they are reached and what they answer."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mockserver.contract.branches import Source, read_stream
from mockserver.contract.examples import declared
from mockserver.contract.media import EVENT_STREAM, essence, framing, quality

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.contract.document import Document
    from mockserver.contract.media import Framing
    from mockserver.contract.place import Place
    from mockserver.contract.streams import EventStream, StreamSettings

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One operation: a method on a path, as the document has it."""

    id: str
    method: str
    path: str
    full_paths: tuple[str, ...]
    pointer: str
    path_parameters: tuple[str, ...]
    place: Place = field(repr=False)
    document: Document = field(repr=False)
    settings: StreamSettings | None = None
    _cache: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def streams(self) -> tuple[EventStream, ...]:
        """The streams that this operation may answer, the event stream before other framings."""
        if "streams" not in self._cache:
            found = (
                read_stream(self.document, source, self.settings)
                for source in self._stream_sources()
            )
            self._cache["streams"] = tuple(found)
        streams: tuple[EventStream, ...] = self._cache["streams"]
        return streams

    @property
    def stream(self) -> EventStream | None:
        """The stream that this operation answers where nobody asks for another; None for none."""
        return next(iter(self.streams), None)

    def stream_for(self, accept: str, framing: Framing | None = None) -> EventStream | None:
        """Return the stream that an Accept wants most, of all or of those in one framing."""
        streams = (s for s in self.streams if framing in {None, s.framing})
        return max(streams, key=lambda stream: quality(stream.media_type, accept), default=None)

    def example_names(self) -> list[str]:
        """Return the names of all examples of all responses, each once, in document order."""
        names: dict[str, None] = {}
        for _, response in self.responses():
            for _, holder in self.content(response):
                for example in declared(self.document, holder):
                    if example.name is not None:
                        names[example.name] = None
        return list(names)

    def wants_stream(self, accept: str, body: object) -> bool:
        """Tell whether a request asks for a stream rather than for an ordinary body.

        Where streams are all that is declared, every request does. Else the request field that
        an extension names, then `stream` in the body, then an Accept that names a stream.
        """
        stream = self.stream
        if stream is None:
            return False
        if not self._has_ordinary_content():
            return True
        members = body if isinstance(body, dict) else {}
        for name in (stream.request_field, "stream"):
            if name is not None and isinstance(members.get(name), bool):
                return bool(members[name])
        listed = [s.media_type for s in self.streams if _is_listed(s.media_type, accept)]
        wanted = max((quality(media_type, accept) for media_type in listed), default=0.0)
        return wanted > 0 and wanted >= quality("application/json", accept)

    # Responses

    def responses(self) -> Iterator[tuple[str, Place]]:
        """Yield the declared responses by their name: `200`, `2XX` or `default`."""
        for status, place in self.document.get(self.place, "responses").members():
            if not status.startswith("x-"):
                yield status, self.document.follow(place)

    def content(self, response: Place) -> Iterator[tuple[str, Place]]:
        """Yield the media types of a response with their media type objects."""
        for media_type, place in self.document.get(response, "content").members():
            yield media_type, self.document.follow(place)

    def response(self, status: int | None) -> tuple[int, Place] | None:
        """Return the response declared for a status, or by itself the one that answers usually.

        OAS 3.2 § Responses Object: an exact status goes before `4XX`, and that before `default`.
        Without a status: the lowest 2xx, else `2XX`, `default`, or the lowest that there is.
        """
        responses = dict(self.responses())
        if not responses and status in {None, 200}:
            return 200, self.place.get("responses").get("200")
        if status is not None:
            names = (str(status), f"{status // 100}XX", f"{status // 100}xx", "default")
            found = next((name for name in names if name in responses), None)
            return (status, responses[found]) if found else None
        numbers = sorted(int(name) for name in responses if re.fullmatch(r"[1-5]\d\d", name))
        for number in numbers:
            if 200 <= number <= 299:
                return number, responses[str(number)]
        for name in ("2XX", "2xx", "default"):
            if name in responses:
                return 200, responses[name]
        others = {number: responses[str(number)] for number in numbers if number >= 300}
        for name, response in responses.items():
            if re.fullmatch(r"[345][xX]{2}", name):
                others.setdefault(int(name[0]) * 100, response)
        return min(others.items(), key=lambda pair: pair[0], default=None)

    def _successes(self) -> Iterator[tuple[int, Place]]:
        responses = dict(self.responses())
        for name, response in responses.items():
            if re.fullmatch(r"2\d\d", name):
                yield int(name), response
            elif name in {"2XX", "2xx"} or (name == "default" and len(responses) == 1):
                yield 200, response

    def _has_ordinary_content(self) -> bool:
        return any(
            framing(media_type) is None
            for _, response in self._successes()
            for media_type, _ in self.content(response)
        )

    def _stream_sources(self) -> list[Source]:
        """Return where streams are declared, each media type once, the event stream first."""
        found: dict[str, Source] = {}
        for status, response in self._successes():
            for media_type, holder in self.content(response):
                if framing(media_type) is not None:
                    source = self._extended(Source(status, media_type, holder), response)
                    found.setdefault(essence(media_type), source)
        if not found and (extended := self._by_extension()) is not None:
            return [extended]
        return sorted(found.values(), key=lambda source: framing(source.media_type) != "sse")

    def _extended(self, source: Source, response: Place) -> Source:
        """Add what extensions say: Speakeasy's on any of three objects, Fern's on the operation."""
        sentinel = field_ = None
        for place in (source.holder, response, self.place):
            sentinel = sentinel or place.text("x-speakeasy-sse-sentinel")
            field_ = field_ or place.text("x-speakeasy-stream-request-field")
        fern = self.place.get("x-fern-streaming")
        condition = (fern.text("stream-condition") or "").removeprefix("$request.")
        sentinel = sentinel or fern.text("terminator")
        return source._replace(sentinel=sentinel, request_field=field_ or condition or None)

    def _by_extension(self) -> Source | None:
        """Return the stream of an operation that only an extension calls one."""
        fern = self.place.get("x-fern-streaming")
        says = fern.text("format") == "sse" or self.place.object.get("x-supports-streaming") is True
        for status, response in self._successes() if says else ():
            item = fern.get("response-stream")
            content = [holder for _, holder in self.content(response)]
            if not fern.object or not content:  # What is declared are not the events.
                content = [response._replace(value={})]
            source = Source(status, EVENT_STREAM, content[0], item if item.object else None)
            return self._extended(source, response)
        return None


def _is_listed(media_type: str, accept: str) -> bool:
    """Tell whether an Accept names a stream; `text/*` can only mean the event stream."""
    kind = essence(media_type)
    return kind in accept.lower() or (kind == EVENT_STREAM and "text/*" in accept.lower())
