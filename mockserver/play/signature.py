"""How far two events of one step differ, as far as the verdict on them goes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract.leaves import (
    GRADUAL,
    Path,
    Question,
    answers,
    questions,
    questions_of_id,
)
from mockserver.scenario.block import Counted
from mockserver.scenario.template import RenderError, Template

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from mockserver.contract import EventStream
    from mockserver.scenario.block import Block
    from mockserver.scenario.model import EventStep
    from mockserver.scenario.program import Series
    from mockserver.sse.encode import Event

_FOR_EVER: Final = 10**18
"""Rounds that nobody lives to see the end of."""


class Signature:
    """What the events of one step have to be asked, so that equal answers mean equal verdicts."""

    def __init__(self, stream: EventStream, step: EventStep) -> None:
        self._id = questions_of_id(stream)
        self._whole = False
        self._asked: list[tuple[Path, tuple[Question, ...]]] = []
        for path in _paths(step.data):
            asked = questions(stream, path)
            if asked is None:
                self._whole = True
            else:
                self._asked.append((path, asked))

    def of(self, event: Event) -> Hashable | None:
        """Return what tells an event from those with another verdict; None: it is like no other."""
        assert event.data is not None
        if self._whole:
            return (event.event, self._of_id(event.id), event.data)
        data = json.loads(event.data) if self._asked else None
        found = []
        for path, asked in self._asked:
            one = answers(_at(data, path), asked)
            if one is None:
                return None
            found.append(one)
        return (event.event, self._of_id(event.id), *found)

    def _of_id(self, id_: str | None) -> Hashable:
        if id_ is None or self._id is None:
            return id_
        return answers(id_, self._id)

    def is_constant(self, series: Series) -> bool:
        """Tell whether all events of a series have one verdict: the first and the last say it."""
        lists = [self._id, *(asked for _, asked in self._asked)]
        gradual = all(a is not None and all(q.keyword in GRADUAL for q in a) for a in lists)
        if not gradual or self._whole:
            return False
        try:
            first, last = (self.of(nth(series, n)) for n in (1, series.times or _FOR_EVER))
        except RenderError:
            return False
        return first is not None and first == last


def nth(series: Series, number: int) -> Event:
    """Return one event of a series. Raises RenderError."""
    block: Block = series.loop.body[0]  # type: ignore[assignment]  # that is what a series is of
    return block.event(Counted({series.loop.name: number}))


def _paths(data: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the paths to the templates in data."""
    match data:
        case Template():
            yield path
        case dict():
            for key, value in data.items():
                yield from _paths(value, (*path, key))
        case list():
            for index, value in enumerate(data):
                yield from _paths(value, (*path, index))


def _at(data: Any, path: Path) -> Any:
    for key in path:
        data = data[key]
    return data
