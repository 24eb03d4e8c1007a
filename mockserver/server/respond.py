"""Whole answers: those of scenarios, of the document's examples, and problems (RFC 9457)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from mockserver.errors import ControlError
from mockserver.play.answer import Answer, Head, problem_body, reason_of

if TYPE_CHECKING:
    from mockserver.contract import Operation
    from mockserver.play.opening import Opening


class ProblemResponse(web.Response):
    """An error as a problem document."""

    def __init__(self, status: int, what: str, code: str, mend: str = "", **extra: Any) -> None:
        super().__init__(
            status=status,
            body=problem_body(status, what, code, mend, **extra),
            content_type="application/problem+json",
        )


class AnswerResponse(web.Response):
    """An answer whose head is the scenario's, to the letter."""

    def __init__(self, answer: Answer) -> None:
        self.head = answer.head
        super().__init__(status=self.head.status, reason=self.head.reason, body=answer.body)
        self.headers.popall("Content-Type", None)
        for name, value in self.head.headers:
            self.headers.add(name, value)


def no_content() -> AnswerResponse:
    """Return 204, which tells an EventSource to stay away (WHATWG § 9.2.3)."""
    return AnswerResponse(Answer(Head(204, reason_of(204), ()), b""))


def example_answer(operation: Operation, opening: Opening) -> AnswerResponse:
    """Return what the document's own example shows. Raises ControlError (501) without one."""
    example = operation.answer(accept=opening.headers.get("accept", "*/*"))
    if example is None:
        raise ControlError(
            501,
            f"{operation.id} has no scenario, and the document no example to answer with",
            code="no-example",
            mend=f"write a scenario with 'operation: {operation.id}'",
        )
    headers = list(example.headers.items())
    if example.media_type:
        headers.insert(0, ("Content-Type", example.media_type))
    head = Head(example.status, reason_of(example.status), tuple(headers))
    return AnswerResponse(Answer(head, example.body))
