"""What an OpenAPI document says: operations, routes, event streams and examples. PURE."""

from mockserver.contract.answering.answers import Answer, Wish, answer, lenient_answer
from mockserver.contract.contract import Contract, read
from mockserver.contract.examples import NOTHING
from mockserver.contract.faults import answer_problems
from mockserver.contract.made import made_events
from mockserver.contract.operations import Operation
from mockserver.contract.parts import bundle, part_of
from mockserver.contract.responses import answer_violations
from mockserver.contract.routes import NoRoute, Route
from mockserver.contract.standard import document_problems
from mockserver.contract.stream_faults import stream_problems
from mockserver.contract.streams import Branch, EventStream, ExampleEvent, StreamSettings
from mockserver.contract.validate import (
    branch_of,
    branches_of,
    branches_of_type,
    event_violations,
)
from mockserver.contract.values import Violation

__all__ = [
    "NOTHING",
    "Answer",
    "Branch",
    "Contract",
    "EventStream",
    "ExampleEvent",
    "NoRoute",
    "Operation",
    "Route",
    "StreamSettings",
    "Violation",
    "Wish",
    "answer",
    "answer_problems",
    "answer_violations",
    "branch_of",
    "branches_of",
    "branches_of_type",
    "bundle",
    "document_problems",
    "event_violations",
    "lenient_answer",
    "made_events",
    "part_of",
    "read",
    "stream_problems",
]
