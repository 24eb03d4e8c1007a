"""Lays a story that is too long for one file into several, which the first includes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_BYTES: Final = 500_000
"""Bytes of steps in one file, about: half of what a file may have."""
_NODES: Final = 100_000
"""Nodes of them, which is half as well."""

Steps = list[dict[str, Any]]


def parted(keys: Mapping[str, Any], name: str) -> dict[str, dict[str, Any]]:
    """Return scenarios by their names, the story's own first: mostly it is the only one.

    Parts answer the same requests as their story, which therefore is the default among them.
    """
    parter = _Parter(name)
    main = dict(keys)
    if "stream" in main:
        main["stream"] = parter.steps(main["stream"])
    if "connections" in main:
        main["connections"] = [
            row | {"steps": parter.steps(row["steps"])} if "steps" in row else row
            for row in main["connections"]
        ]
    if not parter.parts:
        return {name: main}
    head = {key: main[key] for key in ("operation", "when") if key in main}
    own = {key: value for key, value in main.items() if key in (*head, "description", "default")}
    own |= {"default": True} | {key: value for key, value in main.items() if key not in own}
    told = {
        part: {"operation": head["operation"], "description": f"A part of {name}."}
        | {key: value for key, value in head.items() if key == "when"}
        | {"stream": steps}
        for part, steps in parter.parts.items()
    }
    return {name: own} | told


class _Parter:
    """Moves steps into parts once there are too many; one file's worth stays where it is."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._room = [_BYTES, _NODES]
        self.parts: dict[str, Steps] = {}

    def steps(self, steps: Sequence[dict[str, Any]]) -> Steps:
        """Return the steps, those that have no room any more as includes."""
        kept: Steps = []
        for portion in self._portions(steps):
            first = not self.parts and not kept
            if (first or len(portion) == 1) and self._take(portion):
                kept += portion
            else:
                part = f"{self._name}-part-{len(self.parts) + 2}"
                self.parts[part] = portion
                kept.append({"include": part})
        return kept

    def _take(self, portion: Steps) -> bool:
        """Whether there is room for these in the first file; it is taken then."""
        weights = list(map(_weight, portion))
        left = [room - sum(w[i] for w in weights) for i, room in enumerate(self._room)]
        if min(left) < 0:
            return False
        self._room = left
        return True

    def _portions(self, steps: Sequence[dict[str, Any]]) -> Iterator[Steps]:
        portion: Steps = []
        size = nodes = 0
        for step in steps:
            more, count = _weight(step)
            if portion and (size + more > _BYTES or nodes + count > _NODES):
                yield portion
                portion, size, nodes = [], 0, 0
            portion.append(step)
            size, nodes = size + more, nodes + count
        if portion:
            yield portion


def _weight(step: Mapping[str, Any]) -> tuple[int, int]:
    """Return about how many bytes a step takes, and its nodes."""
    return len(repr(step).encode("utf-8", "backslashreplace")), _nodes(step)


def _nodes(value: Any) -> int:
    match value:
        case dict():
            return 1 + sum(1 + _nodes(inner) for inner in value.values())
        case list():
            return 1 + sum(map(_nodes, value))
    return 1
