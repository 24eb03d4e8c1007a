"""What curl has printed: `curl -N -i`, `curl -N -v`, both at once, several one after the other.

With `-v` the lines of the request begin with `> `, those of the answer's head with `< `, and what
curl says itself with `* `; bodies stand between them as they are. Line ends may be CRLF or LF.
"""

from __future__ import annotations

import re
import shlex
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

from mockserver.capture import Exchange
from mockserver.errors import Location
from mockserver.imports.events import chunks_of
from mockserver.imports.found import coded_again, transfer_of
from mockserver.imports.har import target_of
from mockserver.imports.meter import lines_without
from mockserver.imports.text import end_said, how_it_ended, without_fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.capture.exchange import End
    from mockserver.imports.found import Asked, Found

_LOOKED_AT: Final = 64 * 1024
_STATUS: Final = re.compile(rb"HTTP/(\d(?:\.\d)?) +(\d{3})(?: +([^\r\n]*))?\r?\n?\Z")
_REQUEST: Final = re.compile(rb"([!-~]+) ([!-~]+) HTTP/\d(?:\.\d)?\r?\n?\Z")
_HEADER: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*\r?\n?\Z", re.DOTALL)
_TIME: Final = re.compile(rb"\d\d:\d\d:\d\d\.\d{6} (?=[*<>{}=])")
_AMOUNT: Final = re.compile(rb"[{}] \[\d+ bytes data\]")
_GLUED: Final = re.compile(
    rb"(?:\d\d:\d\d:\d\d\.\d{6} )?\* (?:Connection #\d+ to host [^\r\n]* left intact"
    rb"|(?:Closing|Shutting down) connection|Operation timed out after|Recv failure: "
    rb"|transfer closed with [^\r\n]*remaining|HTTP/[23] stream \d+ was)"
)
"""What curl says behind a body; where that does not end with its line, in the same one."""
_OVER: Final = re.compile(rb"Connection #\d+ to host .* left intact|Closing connection")
_TRACE: Final = re.compile(
    rb"^(?:\d\d:\d\d:\d\d\.\d{6} )?(?:=> Send|<= Recv) (?:SSL data|header|data), \d+ bytes \(0x",
    re.MULTILINE,
)
"""What stands over each dump of `--trace` and `--trace-ascii`."""
_COMMAND: Final = re.compile(rb"(?:\$ )?curl ")


def is_curl(data: bytes) -> bool:
    """Tell whether bytes are such a transcript: a status line near their beginning."""
    lines = [line for _, line in lines_without(data[:_LOOKED_AT])[:200]]
    return any(_STATUS.match(line) or _STATUS.match(_marked(line)[1]) for line in lines)


def is_trace(data: bytes) -> bool:
    """Tell whether bytes are what `--trace` and `--trace-ascii` print: dumps, and no bodies."""
    return _TRACE.search(data[:_LOOKED_AT]) is not None


@dataclass(slots=True)
class _Request:
    """A request as far as the transcript shows it."""

    method: str
    target: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


@dataclass(slots=True)
class _Answer:
    """An answer that is being read."""

    request: _Request
    version: str
    status: int
    reason: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    in_head: bool = True
    body: bytearray = field(default_factory=bytearray)
    end: End | None = None
    fault: str = ""
    over: bool = False
    """Whether curl has said that nothing more comes."""

    def value(self, name: str) -> str:
        """Return the last header of that name, in small letters, or nothing."""
        return next((v for key, v in reversed(self.headers) if key.lower() == name), "")

    @property
    def lacks(self) -> int:
        """How many bytes of the body are still to come, by its Content-Length."""
        told = self.value("content-length")
        known = told.isascii() and told.isdigit() and len(told) < 16
        return int(told) - len(self.body) if known else 0


def read_curl(data: bytes, found: Found, asked: Asked) -> None:
    """Add the exchanges of a transcript; what cannot be read becomes a problem."""
    data, said = without_fault(data)
    lines = lines_without(data)
    verbose = any(_marked(line)[0] in {b"<", b">"} for _, line in lines[:1000])
    reader = _Reader(found, asked)
    # With -i and -v curl prints every head twice: line by line, or the second one behind the first.
    heads: deque[bytes] = deque()
    for number, line in _parted(lines) if verbose else lines:
        mark, text = _marked(line) if verbose else (b"", line)
        if not mark and heads and text.strip() == heads[0] and reader.in_head:
            heads.popleft()
            continue
        if mark == b"<":
            if _STATUS.match(text):
                heads.clear()
            heads.append(text.strip())
        reader.take(mark, text, number)
    reader.hear(said)
    reader.finish()


class _Reader:
    """Puts lines together to requests and answers."""

    def __init__(self, found: Found, asked: Asked) -> None:
        self._found = found
        self._usual = asked
        self._request: _Request | None = None
        self._answer: _Answer | None = None

    @property
    def in_head(self) -> bool:
        """Whether the last line was one of a head."""
        return self._answer is not None and (self._answer.in_head or not self._answer.body)

    def take(self, mark: bytes, text: bytes, number: int) -> None:
        """Take a line: of a request (`>`), of a head (`<`), what curl says (`*`), or else."""
        answer = self._answer
        if mark == b">":
            self._ask(text)
        elif mark == b"*" or text.startswith(b"curl: ("):
            self.hear(text)
        elif mark == b"<":
            self._head(text, number)
        elif answer is None and _COMMAND.match(text):
            self._command(text)
        elif answer is None or answer.in_head:
            if mark != b"-":
                self._head(text, number)
        elif mark != b"-":
            self._body(answer, text, number)

    def hear(self, text: bytes) -> None:
        """Take what curl says of how the answer has ended."""
        if self._answer is not None and not self._answer.in_head and _OVER.match(text):
            self._answer.over = True
        if self._answer is not None and (end := end_said(text)) is not None:
            self._answer.end = end
            self._answer.fault = _text(text.strip())

    def finish(self) -> None:
        """Take what was open as ended."""
        answer, self._answer = self._answer, None
        if answer is None or answer.status < 200:
            return
        at = float(len(self._found.exchanges))
        what = f"{answer.request.method} {answer.request.target}"
        chunks = chunks_of(bytes(answer.body), (), 0.0, at, self._found)
        headers, chunks = coded_again(tuple(answer.headers), chunks, self._found, what)
        self._found.exchanges.append(
            Exchange(
                at=at,
                method=answer.request.method,
                target=answer.request.target,
                request_headers=tuple(answer.request.headers),
                request_body=answer.request.body,
                answered=at,
                status=answer.status,
                reason=answer.reason,
                headers=headers,
                chunks=chunks,
                ended=at,
                end=answer.end or self._ended(answer, what),
                transfer=transfer_of(f"HTTP/{answer.version}", headers),
                fault=answer.fault,
            )
        )

    def _ended(self, answer: _Answer, what: str) -> End:
        if answer.value("content-type").lower().startswith("text/event-stream"):
            return how_it_ended(bytes(answer.body), self._found, what)
        return "end"

    def _ask(self, text: bytes) -> None:
        """Take a line of a request."""
        if line := _REQUEST.match(text):
            self.finish()
            body = self._request.body if self._request is not None else b""
            self._request = _Request(line[1].decode(), line[2].decode(), body=body)
        elif (header := _HEADER.match(text)) and self._request is not None:
            self._request.headers.append((_text(header[1]), _text(header[2])))

    def _head(self, text: bytes, number: int) -> None:
        """Take a line of an answer's head, which a status line begins."""
        answer = self._answer
        if status := _STATUS.match(text):
            self._begin(status)
        elif answer is None or not text.strip():
            if answer is not None:
                answer.in_head = False
        elif header := _HEADER.match(text):
            answer.headers.append((_text(header[1]), _text(header[2])))
        else:
            line = _text(text.rstrip())
            where = Location(self._found.file, number, 1, source=line, width=len(line))
            self._found.doubt(where, "this is no header", "take the line out")

    def _begin(self, status: re.Match[bytes]) -> None:
        before, request = self._answer, self._request
        if request is None:
            request = _Request(self._usual.method, self._usual.target)
            if before is not None and before.status < 400:
                request = _following(before)
        self.finish()
        reason = _text(status[3] or b"").strip()
        self._answer = _Answer(request, status[1].decode(), int(status[2]), reason)
        # A request stands before its answer, and before 100 and 103, which come before that.
        self._request = request if int(status[2]) < 200 else None

    def _body(self, answer: _Answer, text: bytes, number: int) -> None:
        """Take a line of a body; the next head may follow, with its line or within it."""
        lacks = max(answer.lacks, 0)
        if lacks < len(text) and _STATUS.match(text[lacks:]):
            answer.body += text[:lacks]
            self._head(text[lacks:], number)
        elif not (answer.over and not text.strip()):  # the line that ends curl's bar
            answer.body += text

    def _command(self, text: bytes) -> None:
        """Take the request from a command that was copied with what it printed."""
        with suppress(ValueError):
            words = shlex.split(_text(text).strip().removeprefix("$ "))[1:]
            self._request = _commanded(words)


def _commanded(words: list[str]) -> _Request | None:
    """Return the request that the arguments of curl make, as far as they matter here."""
    request, method = _Request("GET", ""), ""
    rest = iter(words)
    for word in rest:
        if word in {"-X", "--request"}:
            method = next(rest, "")
        elif word in {"-H", "--header"}:
            name, _, value = next(rest, "").partition(":")
            request.headers.append((name.strip(), value.strip()))
        elif word in {"-d", "--data", "--data-raw", "--json"}:
            request.method, request.body = "POST", next(rest, "").encode()
        elif not word.startswith("-") and ("://" in word or "/" in word):
            request.target = target_of(word if "://" in word else f"http://{word}")
    request.method = method or request.method
    return request if request.target else None


def _following(before: _Answer) -> _Request:
    """Return the request that `curl -L` makes of a redirect, or the same once more."""
    asked, location = before.request, before.value("location")
    if not 300 <= before.status < 400 or not location:
        return _Request(asked.method, asked.target, list(asked.headers))
    return _Request(asked.method, target_of(urljoin(f"http://-{asked.target}", location)))


def _marked(line: bytes) -> tuple[bytes, bytes]:
    """Return what kind of line it is with `-v`, and the line without its mark.

    `-` is what is nobody's: how many bytes came.
    """
    text = line[found.end() :] if (found := _TIME.match(line)) else line
    mark = text[:1]
    if mark in {b"<", b">"} and text[1:2] in {b" ", b"\r", b"\n", b""}:
        return mark, text[2:] if text[1:2] == b" " else text[1:]
    if text.startswith(b"* "):
        return b"*", text[2:]
    return (b"-", b"") if _AMOUNT.match(text) else (b"", text)


def _parted(lines: list[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """Part what curl says behind a body that does not end with its line from that body."""
    for number, line in lines:
        glued = _GLUED.search(line)
        cut = glued.start() if glued else 0
        if cut and _marked(line)[0]:
            cut = 0
        yield from ((number, text) for text in (line[:cut], line[cut:]) if text)


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
