"""What is odd about `expect`: events and ids that no step of the story sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.errors import Problem, did_you_mean
from mockserver.scenario.block import echoed, is_event
from mockserver.scenario.expected import ClosingExpected, ConnectionExpected
from mockserver.scenario.model import BlockStep, EventStep
from mockserver.scenario.story_rules import steps_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.scenario.model import Scenario, Text


def expect_doubts(scenario: Scenario) -> Iterator[Problem]:
    """Yield a warning for each event type and id that no step has; a test may still push one.

    Nothing is said where steps are raw or rendered, and the story could send anything.
    """
    blocks = [step for step in steps_of(scenario) if isinstance(step, BlockStep)]
    if scenario.heartbeat is not None:
        blocks.append(scenario.heartbeat.block)
    events = [step for step in blocks if isinstance(step, EventStep)]
    if not events or len(events) < len(blocks):
        return
    types = _texts(step.event or "message" for step in events if is_event(step))
    ids = _texts(step.id for step in events if step.id is not None)
    for entry in scenario.expect:
        match entry:
            case ClosingExpected(after_event=str(kind)) if types is not None and kind not in types:
                what = f"no event of the story has the type {kind!r}"
                mend = did_you_mean(kind, types)
                yield Problem(entry.where, what, "never-sent", mend, "warning")
            # The first may bring an id of another story, to see what becomes of it.
            case ConnectionExpected(connection=number, last_event_id=str(wanted)) if (
                number > 1 and ids is not None and echoed(wanted) not in ids
            ):
                what = f"no event of the story has the id {wanted!r}"
                yield Problem(entry.where, what, "never-sent", did_you_mean(wanted, ids), "warning")


def _texts(values: Iterator[Text | None]) -> list[str] | None:
    """Return the texts, each once; None where one is rendered."""
    found: dict[str, None] = {}
    for value in values:
        if not isinstance(value, str):
            return None
        found[value.strip(" \t")] = None
    return list(found)
