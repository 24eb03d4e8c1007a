"""Writes down what passes: bounded in memory, and at once into a file for the case of a crash."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from mockserver.capture import Chunk
from mockserver.imports.recorded import VERSION, Tape, line

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockserver.capture import Exchange
    from mockserver.capture.exchange import End, Headers, Transfer

MAX_SIZE: Final = 64 * 1024 * 1024
"""Bytes that are recorded unless `--max-size` says otherwise."""
_OF_AN_EXCHANGE: Final = 2_000
_OF_A_CHUNK: Final = 200
"""Bytes of memory that each of them takes besides what is in it, roughly."""
_SOON: Final = 0.05
"""Seconds of what passes that a crash may lose."""
_FULL: Final = "the recording is full"


class Recorder:
    """All exchanges of one recording.

    `keep` is given the lines of the file as they come; an OSError of it ends that file, and not the
    recording. `on_end` is told of every exchange that is over.
    """

    def __init__(
        self,
        upstream: str,
        keep: Callable[[bytes], object],
        on_end: Callable[[Tape], None] = lambda _: None,
        max_size: int = MAX_SIZE,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._keep = keep
        self._on_end = on_end
        self._room = max_size
        self._tapes: dict[int, Tape] = {}
        self._open: dict[int, Tape] = {}
        self._numbers = count(1)
        self.full = False
        """Whether something had to be left out."""
        self.passed = 0
        """Exchanges that were only passed through."""
        self.lost = 0
        """Bytes of bodies that were."""
        self.faults: list[str] = []
        """What went wrong and is in no exchange, each once."""
        self._waiting: list[tuple[str, int, bytes | None, dict[str, Any]]] = []
        self.write("recorded", VERSION, upstream=upstream)

    def now(self) -> float:
        """Return the seconds since the recording began."""
        return self.since(self._loop.time())

    def since(self, at: float) -> float:
        """Return a time of the event loop in seconds since then, to the microsecond."""
        return round(at - self._began, 6)

    @property
    def busy(self) -> bool:
        """Whether any exchange is open."""
        return bool(self._open)

    def exchanges(self) -> list[Exchange]:
        """Return what there is, in the order of the requests."""
        return [tape.exchange() for tape in self._tapes.values()]

    def begin(self, method: str, target: str, headers: Headers) -> Taping:
        """Begin an exchange whose request has come."""
        size = _OF_AN_EXCHANGE + len(target) + _size(headers)
        tape = Tape(next(self._numbers), self.now(), method, target, headers)
        kept = self.fits(size)
        if kept:
            self._tapes[tape.number] = self._open[tape.number] = tape
            told: dict[str, Any] = {"method": method, "target": target, "headers": headers}
            self.write("request", tape.number, None, at=tape.at, **told)
        else:
            self.passed += 1
        return Taping(self, tape, kept=kept)

    def stop(self) -> None:
        """End what is still open as open."""
        for tape in list(self._open.values()):
            Taping(self, tape, kept=True).end("open", "the recording was stopped")
        self._flush()

    def forget(self, tape: Tape) -> None:
        """Take an exchange out that has come to nothing."""
        self._open.pop(tape.number, None)
        if self._tapes.pop(tape.number, None) is not None:
            self.write("forget", tape.number)

    def say(self, fault: str) -> None:
        """Note once what is in no exchange."""
        if fault not in self.faults and len(self.faults) < 100:
            self.faults.append(fault)

    def fits(self, size: int) -> bool:
        """Take room for `size` bytes, if there is as much."""
        if size > self._room:
            self.full = True
            return False
        self._room -= size
        return True

    def write(self, kind: str, number: int, data: bytes | None = None, **members: Any) -> None:
        """Put a line into the file, soon: what is on its way does not wait for it."""
        self._waiting.append((kind, number, data, members))
        if len(self._waiting) == 1:
            self._loop.call_later(_SOON, self._flush)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        text = b"".join(line(kind, n, data, **members) for kind, n, data, members in waiting)
        try:
            self._keep(text)
        except OSError as error:
            self._keep = lambda _: None
            self.say(f"what is recorded is in memory alone: {error.strerror or error}")

    def over(self, tape: Tape) -> None:
        """Take note of an exchange that has ended."""
        self._open.pop(tape.number, None)
        self._on_end(tape)


class Taping:
    """One exchange that is being recorded, or only passed through where `kept` is false."""

    def __init__(self, recorder: Recorder, tape: Tape, *, kept: bool) -> None:
        self._recorder = recorder
        self._tape = tape
        self._kept = kept
        self._whole = kept

    def asked(self, data: bytes) -> None:
        """Add bytes of the request's body."""
        if self._takes(data):
            self._tape.request_body.append(data)
            self._recorder.write("body", self._tape.number, data)

    def answered(
        self, at: float, status: int, reason: str, headers: Headers, transfer: Transfer
    ) -> None:
        """Take the head of the answer, which came at that time of the event loop."""
        tape = self._tape
        tape.answered = self._recorder.since(at)
        tape.status, tape.reason, tape.headers, tape.transfer = status, reason, headers, transfer
        if self._kept:
            head: dict[str, Any] = {"status": status, "reason": reason, "headers": headers}
            number, at = tape.number, tape.answered
            self._recorder.write("answer", number, None, at=at, **head, transfer=transfer)

    def data(self, at: float, data: bytes) -> None:
        """Add bytes of the answer's body, which came at that time of the event loop."""
        if self._takes(data):
            chunk = Chunk(self._recorder.since(at), data)
            self._tape.chunks.append(chunk)
            self._recorder.write("data", self._tape.number, data, at=chunk.at)

    def end(self, how: End, fault: str = "") -> None:
        """End it, once; what comes later is not taken."""
        tape = self._tape
        if tape.end is not None:
            return
        tape.ended, tape.end, tape.fault = self._recorder.now(), how, fault
        if self._kept:
            if not self._whole:
                # How it ended is known; that belongs behind bytes that are not there.
                tape.end, tape.fault = "open", _FULL
            ended: dict[str, Any] = {"at": tape.ended, "how": tape.end, "fault": tape.fault}
            self._recorder.write("end", tape.number, None, **ended)
        self._recorder.over(tape)

    def refused(self, fault: str) -> None:
        """Note that it has come to nothing: no scenario is made of it."""
        path = self._tape.target.partition("?")[0]  # a query may hold secrets
        self._recorder.say(f"{self._tape.method} {path}: {fault}")
        self._recorder.forget(self._tape)

    def _takes(self, data: bytes) -> bool:
        if self._tape.end is not None:
            return False
        self._whole = self._whole and self._recorder.fits(_OF_A_CHUNK + len(data))
        if not self._whole:
            self._recorder.lost += len(data)
        return self._whole


def _size(headers: Headers) -> int:
    return sum(len(name) + len(value) + _OF_A_CHUNK for name, value in headers)
