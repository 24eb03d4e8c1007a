"""Puts the connections of one client together: which requests go on with what others have begun.

Whoever plays a scenario asks the same (`play.story`): a story goes on where the server ended the
last connection, or where a client comes back with a Last-Event-ID that this story has sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from mockserver.sse.encode import json_text
from mockserver.sse.parse import Parser

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockserver.capture.seen import Seen
    from mockserver.play.opening import Opening

PATIENCE: Final = 120.0
"""Seconds after which a request that brings no Last-Event-ID begins a story of its own."""
_SLACK: Final = 0.05
"""Seconds that a new request may be noted before the end of a connection that its client left."""
_ROUNDED: Final = 0.002
"""Seconds by which times of others are wrong: a request may seem to come before a server ended."""


@dataclass(slots=True, eq=False)
class Story:
    """What one client was told, connection by connection."""

    seen: list[Seen] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    """Every last event ID that its client may come back with."""
    last_id: str = ""
    """The one that it has after all that was sent."""

    @property
    def first(self) -> Seen:
        """Its first connection."""
        return self.seen[0]

    @property
    def streams(self) -> bool:
        """Whether any of it is a stream."""
        return any(one.kind == "stream" for one in self.seen)

    def add(self, one: Seen) -> None:
        """Take a connection in.

        One that its client has left before anything came tells nothing of the server: where the
        client has asked once more, that is the connection.
        """
        if self.seen and _is_asked_again(self.seen[-1], one):
            self.seen.pop()
        self.seen.append(one)
        if one.framing == "sse":
            parser = Parser(one.opening.last_event_id or "")
            for chunk in one.body.chunks:
                self.ids |= {event.last_event_id for event in parser.feed(chunk.data)}
                self.ids.add(parser.last_event_id)
            self.ids.discard("")
            self.last_id = parser.last_event_id

    def goes_on_with(self, one: Seen) -> bool:
        """Whether a request is this client's next one."""
        last, now = self.seen[-1].exchange, one.exchange.at
        if last.ended > now + (_SLACK if last.unended else _ROUNDED):
            return False
        if one.opening.last_event_id:
            return one.opening.last_event_id in self.ids or not last.unended
        if not self.streams and one.kind == "answer":
            return True
        return not last.unended and now - last.ended <= PATIENCE

    def distance(self, one: Seen) -> tuple[int, float]:
        """Return how far a request is from being its client's, among several it goes on with.

        Players ask in this order, too (`play.story`): for the id that was sent last, and then for
        who has waited longest.
        """
        last, asked = self.seen[-1].exchange, one.opening.last_event_id or ""
        if asked == self.last_id:
            return (1 if last.unended else 0), last.ended
        return (2 if asked in self.ids else 3), last.ended


@dataclass(slots=True, eq=False)
class Variant:
    """All that was seen of one request: the stories of those who made it."""

    stories: list[Story] = field(default_factory=list)

    @property
    def first(self) -> Seen:
        """The first exchange of it."""
        return self.stories[0].first

    @property
    def openings(self) -> list[Opening]:
        """Its request, and behind it others that its stories go on with."""
        found: dict[tuple[str, bytes], Opening] = {}
        for one in (one for story in self.stories for one in story.seen):
            found.setdefault((one.exchange.target, one.exchange.request_body), one.opening)
        return list(found.values())


def variants(found: Iterable[Seen], *, clients: bool = False) -> list[Variant]:
    """Return exchanges of one operation by request, all in the order they began.

    That it has credentials is part of a request; with `clients`, what they are is, too.
    """
    by_request: dict[tuple[Any, ...], Variant] = {}
    begun: dict[tuple[Any, ...], list[Story]] = {}
    for one in sorted(found, key=lambda one: one.exchange.at):
        key = _request(one) + (_client(one) if clients else (_has_credentials(one),))
        variant = by_request.setdefault(key, Variant())
        client = (key, *_client(one))
        known = begun.setdefault(client, [])
        fitting = [story for story in known if story.goes_on_with(one)]
        story = min(fitting, key=lambda story: story.distance(one), default=None)
        if story is None and not any(one.opening.last_event_id in each.ids for each in known):
            story = _elsewhere(one, begun, client)
        if story is None:
            story = Story()
            known.append(story)
            variant.stories.append(story)
        story.add(one)
    return [variant for variant in by_request.values() if variant.stories]


def _is_asked_again(last: Seen, one: Seen) -> bool:
    """Whether a request is the one before once more, of which the client has seen no byte."""
    same = (last.exchange.status, _request(last)) == (one.exchange.status, _request(one))
    return last.kind == "stream" and last.exchange.end == "client" and not last.body.data and same


def _elsewhere(
    one: Seen, begun: dict[tuple[Any, ...], list[Story]], client: tuple[Any, ...]
) -> Story | None:
    """Return a story that a client resumes under the same path with another query."""
    last_id = one.opening.last_event_id
    if not last_id:
        return None
    path = one.exchange.target.partition("?")[0]
    for (_, *who), known in begun.items():
        for story in known if tuple(who) == client[1:] else ():
            same = story.first.exchange.target.partition("?")[0] == path
            if same and last_id in story.ids and story.goes_on_with(one):
                return story
    return None


def _request(one: Seen) -> tuple[Any, ...]:
    """Return what makes two requests the same."""
    body = one.opening.body
    try:
        text = body if isinstance(body, str) else json_text(body)
    except (TypeError, ValueError):
        text = repr(body)
    return (one.exchange.method, one.exchange.target, text)


def _has_credentials(one: Seen) -> bool:
    return "authorization" in one.opening.headers


def _client(one: Seen) -> tuple[str, str]:
    headers = one.opening.headers
    return headers.get("authorization", ""), headers.get("cookie", "")
