"""What the markers of a test ask for: of the server, of its session, of the test itself."""

from __future__ import annotations

import inspect
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from mockserver.asked import check
from mockserver.errors import StartError, did_you_mean
from mockserver.play.verdict import allowed_codes
from mockserver.runner import MockServer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pytest

_NAME: Final = 80
"""Characters of a session's name, before what makes it its own."""
_OWN: Final = ("scenario", "epoch", "verdict", "allow")
_OF_DOCUMENT: Final = ("scenarios", "settings")


@dataclass(slots=True)
class Wish:
    """All that was asked for one test."""

    server: dict[str, Any] = field(default_factory=dict)
    """As MockServer takes it."""
    session: dict[str, Any] = field(default_factory=dict)
    """As `MockServer.create_session` takes it."""
    verdict: bool = True
    allow: tuple[str, ...] = ()


def wish_of(marks: Iterable[pytest.Mark], defaults: Mapping[str, Any]) -> Wish:
    """Return what markers ask for, the outermost first; the later ones win.

    `defaults` are the project's; its scenarios and settings go with its document. Raises
    StartError, ControlError.
    """
    asked: dict[str, Any] = {}
    for mark in marks:
        asked |= _read(mark)
    given = {name: value for name, value in defaults.items() if name not in asked}
    if "spec" in asked:
        given = {name: value for name, value in given.items() if name not in _OF_DOCUMENT}
    session: dict[str, Any] = {"clock": asked.pop("clock", None)}
    session["scenarios"] = _names("scenario", asked.pop("scenario", None))
    session["seed"] = _text(asked.pop("seed", None))
    session["epoch"] = _moment(asked.pop("epoch", None))
    verdict, allow = asked.pop("verdict", True), _names("allow", asked.pop("allow", ())) or ()
    if not isinstance(verdict, bool):
        raise _bad(f"cannot take {verdict!r} as verdict", "write True or False")
    allowed_codes(allow)
    server = given | asked
    check(server | ({} if session["clock"] is None else {"clock": session["clock"]}))
    if server.get("stateful") and session["seed"] is not None:
        server["seed"] = session["seed"]  # of what is kept the ids are drawn from the server's
    return Wish(server, session, verdict, allow)


def _read(mark: pytest.Mark) -> dict[str, Any]:
    known = _known()
    if mark.args:
        raise _bad(f"takes keywords only, not {mark.args[0]!r}", 'write scenario="NAME"')
    for name in mark.kwargs:
        if name not in known:
            raise _bad(f"has no setting {name!r}", did_you_mean(name, known))
    asked = dict(mark.kwargs)
    if "pinned" in asked:  # as MockServer says it
        asked.setdefault("scenario", asked.pop("pinned"))
    return asked


@cache
def _known() -> tuple[str, ...]:
    return (*_OWN, *inspect.signature(MockServer).parameters)


def _bad(what: str, mend: str) -> StartError:
    return StartError(f"the marker mockserver {what}", code="bad-marker", mend=mend)


def _names(setting: str, value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, (list, tuple, set, frozenset)):
        raise _bad(f"cannot take {value!r} as {setting}", "write a name, or a list of names")
    if not all(isinstance(name, str) for name in names):
        raise _bad(f"cannot take {value!r} as {setting}", "write names as texts")
    return tuple(names)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _moment(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _bad(f"cannot read the epoch {value!r}", "write 2026-01-01T00:00:00Z") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def session_name(node_id: str) -> str:
    """Return a name for the session of a test, the same in every run, and safe in a URL.

    What does not fit into a name is left out, and a sum of the whole id added.
    """
    file, colons, rest = node_id.partition("::")
    plain = file.rpartition("/")[2].removesuffix(".py") + colons + rest
    plain = plain.replace("::", ".").replace("[", "-").removesuffix("]")
    ascii_only = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "-", ascii_only).strip("-._")[:_NAME]
    if safe == plain:
        return safe
    return f"{safe or 'test'}-{crc32(node_id.encode('utf-8', 'backslashreplace')):08x}"
