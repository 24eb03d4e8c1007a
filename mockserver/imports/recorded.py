r"""The file that `record` writes while it records: a JSON object a line, in the order of things.

    {"recorded": 1, "upstream": "https://api.example.test"}
    {"request": 1, "at": 0.01, "method": "GET", "target": "/v1/x", "headers": [["Host", "…"]]}
    {"body": 1, "text": "…"}
    {"answer": 1, "at": 0.02, "status": 200, "reason": "OK", "headers": […], "transfer": "chunked"}
    {"data": 1, "at": 0.03, "text": "data: 1\n\n"}
    {"end": 1, "at": 0.04, "how": "end", "fault": ""}
    {"forget": 1}

The number says which exchange is meant, `base64` stands where bytes are no UTF-8. Of a file that
breaks off, all whole lines are kept; what has no `end` was open, and what is forgotten came to
nothing.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, get_args

from mockserver.capture import Chunk, Exchange
from mockserver.capture.exchange import End, Headers, Transfer

if TYPE_CHECKING:
    from collections.abc import Iterable

VERSION: Final = 1
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(slots=True, eq=False)
class Tape:
    """One exchange as far as it is known; all times in seconds since the recording began."""

    number: int
    at: float = 0.0
    method: str = "GET"
    target: str = "/"
    request_headers: Headers = ()
    request_body: list[bytes] = field(default_factory=list)
    answered: float = 0.0
    status: int = 0
    reason: str = ""
    headers: Headers = ()
    transfer: Transfer = "chunked"
    chunks: list[Chunk] = field(default_factory=list)
    ended: float = 0.0
    end: End | None = None
    fault: str = ""

    def exchange(self) -> Exchange:
        """Return it as plain data; without an end it was open when the recording stopped."""
        last = self.chunks[-1].at if self.chunks else max(self.at, self.answered)
        return Exchange(
            at=self.at,
            method=self.method,
            target=self.target,
            request_headers=self.request_headers,
            request_body=b"".join(self.request_body),
            answered=self.answered,
            status=self.status,
            reason=self.reason,
            headers=self.headers,
            chunks=tuple(self.chunks),
            ended=max(self.ended, last),
            end=self.end or "open",
            transfer=self.transfer,
            fault=self.fault,
        )


def line(kind: str, number: object, /, data: bytes | None = None, **members: Any) -> bytes:
    """Return one line; `data` stands under `text`, or `base64` where it is no UTF-8."""
    found: dict[str, Any] = {kind: number, **members}
    if data is not None:
        try:
            found["text"] = data.decode()
        except UnicodeDecodeError:
            found["base64"] = b64encode(data).decode()
    return _ENCODE(found).encode() + b"\n"


def is_recorded(data: bytes) -> bool:
    """Tell whether bytes are such a file, by their first line."""
    first = _read(data.partition(b"\n")[0])
    return first is not None and first.get("recorded") == VERSION


def exchanges_of(data: bytes) -> tuple[list[Exchange], list[int]]:
    """Return the exchanges of a file, and the numbers of lines that cannot be read."""
    tapes: dict[int, Tape] = {}
    unread = []
    for number, text in enumerate(data.splitlines()[1:], 2):
        said = _read(text)
        try:
            if said is None or not _take(tapes, said):
                unread.append(number)
        except (KeyError, TypeError, ValueError):
            unread.append(number)
    return [tape.exchange() for tape in tapes.values()], unread


def _read(text: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _take(tapes: dict[int, Tape], said: dict[str, Any]) -> bool:
    """Add what a line says; whether it says anything. Raises KeyError, TypeError, ValueError."""
    if "request" in said:
        number = int(said["request"])
        tapes[number] = Tape(
            number,
            float(said["at"]),
            str(said["method"]),
            str(said["target"]),
            _headers(said["headers"]),
        )
    elif "body" in said:
        tapes[said["body"]].request_body.append(_bytes(said))
    elif "answer" in said:
        tape = tapes[said["answer"]]
        tape.answered = float(said["at"])
        tape.status, tape.reason = int(said["status"]), str(said["reason"])
        tape.headers = _headers(said["headers"])
        tape.transfer = _one_of(get_args(Transfer), said["transfer"])
    elif "data" in said:
        tapes[said["data"]].chunks.append(Chunk(float(said["at"]), _bytes(said)))
    elif "end" in said:
        tape = tapes[said["end"]]
        tape.ended, tape.fault = float(said["at"]), str(said["fault"])
        tape.end = _one_of(get_args(End), said["how"])
    elif "forget" in said:
        del tapes[said["forget"]]
    else:
        return False
    return True


def _headers(pairs: Iterable[Iterable[str]]) -> Headers:
    return tuple((str(name), str(value)) for name, value in pairs)


def _bytes(said: dict[str, Any]) -> bytes:
    return str(said["text"]).encode() if "text" in said else b64decode(said["base64"])


def _one_of(known: tuple[Any, ...], word: object) -> Any:
    if word not in known:
        raise ValueError(word)
    return word
