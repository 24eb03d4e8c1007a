"""The verdict on a session's clients: whether they did what scenarios expect of them."""

from mockserver.play.verdict.judged import SessionVerdict, together, worst
from mockserver.play.verdict.junit import as_junit
from mockserver.play.verdict.report import as_json, as_text
from mockserver.play.verdict.session import allowed_codes, hear, verdict_of

__all__ = [
    "SessionVerdict",
    "allowed_codes",
    "as_json",
    "as_junit",
    "as_text",
    "hear",
    "together",
    "verdict_of",
    "worst",
]
