"""Which stories tell the same, so that it need be written but once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockserver.capture.stories import Story


def different(stories: Sequence[Story]) -> list[Story]:
    """Return the stories that tell something else than all others; of two alike the longer one."""
    found: list[Story] = []
    for story in stories:
        known = next((i for i, other in enumerate(found) if _alike(story, other)), None)
        if known is None:
            found.append(story)
        elif _length(story) > _length(found[known]):
            found[known] = story
    return found


def _alike(story: Story, other: Story) -> bool:
    """Whether one of two stories is the other, or as much of it as its client stayed for."""
    one, two = sorted((story, other), key=_length)
    if len(one.seen) > len(two.seen):
        return False
    for index, (a, b) in enumerate(zip(one.seen, two.seen, strict=False)):
        last = index == len(one.seen) - 1
        left = last and a.exchange.unended
        data, whole = a.body.data, b.body.data
        same = data == whole and a.exchange.end == b.exchange.end
        if a.exchange.status != b.exchange.status or not (
            same or (left and whole.startswith(data))
        ):
            return False
    left = one.seen[-1].exchange.unended
    return len(one.seen) == len(two.seen) or left


def _length(story: Story) -> tuple[int, int]:
    return len(story.seen), sum(len(one.body.data) for one in story.seen)
