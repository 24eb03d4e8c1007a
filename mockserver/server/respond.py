"""Whole answers: those of scenarios, of the document itself, and problems (RFC 9457)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aiohttp import web

from mockserver.contract import answer
from mockserver.contract.requests.verdicts import fields_of
from mockserver.play.answer import Answer, Head, problem_body, reason_of

if TYPE_CHECKING:
    from mockserver.contract import Answer as DocumentAnswer
    from mockserver.contract import Operation, Wish
    from mockserver.play.kept.keeper import Keeper
    from mockserver.play.kept.store import Store
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


def document_answer(operation: Operation, wish: Wish) -> AnswerResponse:
    """Return what the document itself answers. Raises ControlError where there is nothing."""
    return _whole(answer(operation, wish))


def with_fields(opening: Opening, operation: Operation, raw: bytes) -> Opening:
    """Return a request whose form is read by its schema: lists, numbers; files left out.

    `raw` is the body as sent: else a form is texts, the first of each name.
    """
    fields = fields_of(operation, raw, opening.headers.get("content-type", ""))
    return replace(opening, body=fields) if raw and fields is not None else opening


def kept_answer(
    keeper: Keeper | None, store: Store, operation: Operation, opening: Opening, wish: Wish
) -> AnswerResponse | None:
    """Return what is answered from what clients have made; None where the document answers.

    That is so wherever a status or an example is asked for by name.
    """
    if keeper is None or wish.status is not None or wish.example is not None:
        return None
    found = keeper.answer(store, operation, opening, wish)
    return _whole(found) if found is not None else None


def _whole(found: DocumentAnswer) -> AnswerResponse:
    headers = list(found.headers.items())
    if found.media_type:
        headers.insert(0, ("Content-Type", found.media_type))
    head = Head(found.status, reason_of(found.status), tuple(headers))
    return AnswerResponse(Answer(head, found.body))
