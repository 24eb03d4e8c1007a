"""Holds requests to the document, and refuses or only notes those that break it."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from mockserver.contract.requests.verdicts import Asked, Verdict, Verdicts, needs_library
from mockserver.errors import ControlError, Mode, StartError, did_you_mean
from mockserver.late import late
from mockserver.play.journal import FAULTS, Violated, kept
from mockserver.scenario.conditions import speaks_of
from mockserver.server.cors import is_preflight
from mockserver.server.log import log, record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiohttp import web

    from mockserver.clock import Clock
    from mockserver.contract import Operation
    from mockserver.contract.requests.faults import RequestFault
    from mockserver.play.session import Session
    from mockserver.scenario.program import Program
    from mockserver.server.requests import Target

MODES: Final[tuple[Mode, ...]] = ("off", "warn", "enforce")

_AHEAD: Final = ("jinja2", "jsonschema", "mockserver.contract.requests.library")
"""What is imported behind a start: first what streams need, who would else wait for all of it."""


def mode(text: str) -> Mode:
    """Return the mode of that name. Raises StartError."""
    for known in MODES:
        if text == known:
            return known
    what = f"{text!r} is no way to treat what breaks the contract"
    raise StartError(what, code="unknown-mode", mend=did_you_mean(text, MODES))


@dataclass(frozen=True, slots=True)
class Answering:
    """Who is about to answer a request; `named` where the request itself asked for that.

    A handshake `upgrades`, and has no body whatever its operation asks for.
    """

    operation: Operation
    program: Program | None
    named: bool
    upgrades: bool = False


class Enforcement:
    """What a server does with requests that break the contract, and what it knows of them."""

    def __init__(self, mode: Mode) -> None:
        self.mode = mode
        self._verdicts = Verdicts()
        self._imported = asyncio.Event()
        self._told: set[str] = set()

    def forget(self) -> None:
        """Forget all verdicts: the document may be another one now."""
        self._verdicts = Verdicts()
        self._told.clear()

    def warm_up(self) -> None:
        """Import openapi-core in a thread: else the first request would wait half a second."""
        if self.mode == "off":
            return
        loop = asyncio.get_running_loop()

        def work() -> None:
            with suppress(Exception):  # Whoever needs it will be told why it cannot be had.
                for name in _AHEAD:
                    late(name)
            with suppress(RuntimeError):  # The server has been stopped, and its loop with it.
                loop.call_soon_threadsafe(self._imported.set)

        threading.Thread(target=work, name="import of openapi-core").start()

    async def hold(
        self,
        request: web.BaseRequest,
        target: Target,
        session: Session[Clock],
        parameters: dict[str, str],
        answering: Answering,
    ) -> None:
        """Note what is wrong with a request. Raises ControlError where it is to be refused."""
        # A preflight never carries credentials (Fetch standard § 3.2.2).
        if self.mode == "off" or is_preflight(request):
            return
        if not self._imported.is_set() and needs_library(answering.operation):
            await self._imported.wait()
        asked = Asked(
            request.method,
            target.path,
            parameters,
            target.own_query,
            tuple(request.headers.items()),
            await request.read(),  # once more: it was read for the opening
        )
        verdict = self._verdicts.of(answering.operation, asked)
        if answering.upgrades:
            asked_for_now = tuple(fault for fault in verdict.faults if fault.where != "body")
            verdict = replace(verdict, faults=asked_for_now)
        if verdict.unvalidated:
            self._tell_unvalidated(verdict)
        if not verdict.faults:
            return
        foreseen = _is_foreseen(answering, verdict.faults)
        refused = self.mode == "enforce" and not foreseen
        scenario = "" if refused or answering.program is None else answering.program.name
        faults = tuple(kept(str(fault)) for fault in verdict.faults[:FAULTS])
        asked_for = kept(f"{request.method} {target.text}")
        operation = answering.operation.id
        now = session.clock.now()
        noted = Violated(now, "client", "request", operation, asked_for, scenario, faults=faults)
        record(session, replace(noted, foreseen=foreseen))
        if refused:
            raise _refusal(verdict)

    def _tell_unvalidated(self, verdict: Verdict) -> None:
        """Say once for each operation that its requests cannot be validated."""
        name = verdict.operation.id
        if name not in self._told:
            self._told.add(name)
            log.warning("requests to %s are not validated: %s", name, verdict.unvalidated)


def _is_foreseen(answering: Answering, faults: Iterable[RequestFault]) -> bool:
    """Whether the answer is meant for such a request: it asked for it by name, or `when` does.

    Each fault has to be one that a condition of the scenario speaks of.
    """
    if answering.named or answering.program is None:
        return answering.named
    when = answering.program.scenario.when
    return all(speaks_of(when, fault.carriers) for fault in faults)


def _refusal(verdict: Verdict) -> ControlError:
    first, *others = verdict.faults
    what = f"the request breaks the contract of {verdict.operation.id}: {first.sentence}"
    what += f" and {len(others)} more" if others else ""
    return ControlError(
        verdict.status,
        what,
        code="request-breaks-contract",
        mend=first.mend or "send what the document asks for, or serve with --requests warn",
        headers=[("WWW-Authenticate", challenge) for challenge in verdict.challenges],
        errors=[fault.as_json() for fault in verdict.faults],
    )
