"""Media types: what they are without their parameters, and which of them an Accept asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

EVENT_STREAM = "text/event-stream"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

Framing: TypeAlias = Literal["sse", "lines", "seq"]
"""How what streams is told apart: blocks of fields (WHATWG HTML § 9.2), a JSON text a line, or
JSON texts each between a record separator and a line feed (RFC 7464)."""

_FRAMINGS: Final[Mapping[str, Framing]] = {
    EVENT_STREAM: "sse",
    # No registry has JSON lines, and everybody has a name for them.
    "application/x-ndjson": "lines",
    "application/ndjson": "lines",
    "application/x-jsonl": "lines",
    "application/jsonl": "lines",
    "application/x-jsonlines": "lines",
    "application/jsonlines": "lines",
    "application/x-json-lines": "lines",
    "application/json-lines": "lines",
    "application/stream+json": "lines",
    "text/x-ndjson": "lines",
    "text/ndjson": "lines",
    "text/x-jsonl": "lines",
    "text/jsonl": "lines",
    "application/json-seq": "seq",
}


def essence(media_type: str) -> str:
    """Return a media type without parameters, in lower case (RFC 9110 § 8.3.1)."""
    return media_type.partition(";")[0].strip().lower()


def framing(media_type: str) -> Framing | None:
    """Return the framing of a media type that streams (OAS 3.2 § Sequential Media Types), or None.

    RFC 8142 registers the suffix `+json-seq`.
    """
    kind = essence(media_type)
    return "seq" if kind.endswith("+json-seq") else _FRAMINGS.get(kind)


def is_json(media_type: str) -> bool:
    """Tell whether a body of this media type is JSON text (RFC 6839 § 3.1)."""
    kind = essence(media_type)
    subtype = kind.partition("/")[2]
    return subtype == "json" or subtype.endswith("+json")


def is_range(media_type: str) -> bool:
    """Tell whether this stands for several media types, as `text/*` does."""
    return "*" in essence(media_type)


def quality(media_type: str, accept: str) -> float:
    """Return how much an Accept wants a media type: 0 is not at all.

    RFC 9110 § 12.5.1: the most specific range that fits is the one that counts. `media_type` may
    itself be a range, as OpenAPI allows for a key of `content`.
    """
    best = (-1, 0.0)
    own = _parameters(media_type.split(";")[1:])
    for element in accept.split(",") if accept.strip() else ["*/*"]:
        range_, *parameters = element.split(";")
        asked = _parameters(parameters)
        rank = _rank(range_.strip().lower(), essence(media_type))
        if rank < 0 or any(own.get(name, text) != text for name, text in asked.items()):
            continue
        rank += len(asked.keys() & own.keys())
        if rank > best[0]:
            best = (rank, _weight(parameters))
    return best[1]


def _parameters(parameters: Iterable[str]) -> dict[str, str]:
    """Return the parameters that tell media types apart: not the weight, and not the charset."""
    pairs = (parameter.partition("=") for parameter in parameters)
    found = {name.strip().lower(): value.strip().strip('"').lower() for name, _, value in pairs}
    return {name: value for name, value in found.items() if name not in {"", "q", "charset"}}


def accept_ranges(accept: str) -> list[tuple[str, float]]:
    """Return the media ranges of an Accept with their weights; an empty one accepts all."""
    ranges = []
    for element in accept.split(","):
        range_, *parameters = element.split(";")
        if range_.strip():
            ranges.append((range_.strip().lower(), _weight(parameters)))
    return ranges or [("*/*", 1.0)]


def _weight(parameters: Iterable[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 1.0
    return 1.0


def _rank(range_: str, kind: str) -> int:
    """Return 2 for an equal type, 1 for `type/*`, 0 for `*/*`, -1 where they do not meet."""
    if range_ == kind:
        return 2
    left, right = range_.partition("/")[0], kind.partition("/")[0]
    if range_ in {"*/*", "*"} or kind == "*/*":
        return 0
    meets = left == right and (range_.endswith("/*") or kind.endswith("/*"))
    return 1 if meets else -1


def preferred(media_types: Iterable[str], accept: str) -> list[str]:
    """Return media types in the order an Accept wants them; the first declared wins ties.

    Where none is acceptable all are returned: RFC 9110 § 12.5.1 lets a server disregard an Accept
    that it cannot honour, and a mock that answers is of more use than a 406.
    """
    declared = list(media_types)
    weighted = [(quality(media_type, accept), media_type) for media_type in declared]
    wanted = [pair for pair in weighted if pair[0] > 0]
    wanted.sort(key=lambda pair: -pair[0])
    return [media_type for _, media_type in wanted] or declared


def concrete(media_type: str, accept: str, *, text: bool, usual: str = "") -> str:
    """Return the media type to send for a declared one, which may be a range such as `*/*`.

    That which the Accept asks for by name, else `usual` if it is one of them, else JSON or text.
    """
    if not is_range(media_type):
        return media_type
    for asked, weight in sorted(accept_ranges(accept), key=lambda pair: -pair[1]):
        if weight > 0 and not is_range(asked) and _rank(essence(media_type), asked) >= 0:
            return asked
    kind = essence(media_type)
    if usual and kind != "*/*" and _rank(kind, usual) >= 0:
        return usual
    for known in ("text/plain",) if text else ("application/json",):
        if _rank(kind, known) >= 0:
            return known
    return "text/plain" if text else "application/json"
