"""Lets the server notice what has already happened, before anybody judges it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockserver.clock import turn_of_others
from mockserver.play.verdict import hear

if TYPE_CHECKING:
    from mockserver.clock import Clock
    from mockserver.play.session import Session

TURNS: Final = 10
"""Turns of the loop in which a connection that its client has closed is seen to end."""


async def heard(session: Session[Clock]) -> None:
    """Take what is on its way, and hear once more what the verdict asks of.

    Others have their turn all the while: a connection may have told a million events.
    """
    for _ in range(TURNS):
        await turn_of_others()
    for _ in hear(session):
        await turn_of_others()
