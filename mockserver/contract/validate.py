"""What is wrong with a document as a whole, and with one event against its stream.

The two libraries that this needs take 50 ms and more to import, so that it is done on use.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mockserver.contract.place import Place, escape, reference
from mockserver.contract.schemas import FORMATS, Normaliser
from mockserver.contract.streams import DEFAULT_TYPE
from mockserver.errors import Location, Problem, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mockserver.contract.contract import Contract
    from mockserver.contract.document import Document
    from mockserver.contract.streams import Branch, EventStream

_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Violation:
    """One way in which an event does not fit its stream.

    `field` leads to the value (`event`, `id`, `data.items[0].price`), `pointer` to the schema
    that it does not fit, `expected` is what that schema asks for.
    """

    field: str
    what: str
    expected: str
    pointer: str
    code: str
    mend: str = ""

    def __str__(self) -> str:
        return f"{self.field}: {self.what} [{self.code}]"


def event_violations(
    stream: EventStream,
    event: str | None,
    data: str,
    id: str | None = None,  # noqa: A002
) -> list[Violation]:
    """Return what is wrong with one event that is fully known; an empty list where it fits.

    An itemSchema is never validated literally: the branch is chosen first, by event type and by
    the constants in the data, and what holds for the data is asked of them after parsing.
    """
    if not stream.branches or (data == stream.sentinel and event in {None, "", DEFAULT_TYPE}):
        return []
    candidates = _by_event(stream, event)
    if not candidates:
        return [_undeclared(stream, event)]
    if any(data == branch.sentinel for branch in candidates):
        return []
    open_ = [branch for branch in candidates if branch.data != "sentinel"]
    if not open_:
        listed = ", ".join(repr(branch.sentinel) for branch in candidates)
        what = f"{_short(data)} is not what ends the stream here: {listed}"
        return [Violation("data", what, listed, candidates[0].pointer, "data")]
    value, fault = _parsed(data)
    verdicts = []
    for branch in _by_data(open_, value):
        if branch.data == "text":
            found = _check(stream, branch, data)
        elif fault:
            mend = "" if stream.sentinel else "if this ends the stream, declare it as its sentinel"
            what = f"not JSON: {fault}"
            found = [Violation("data", what, "JSON", branch.pointer, "not-json", mend)]
        else:
            found = _check(stream, branch, value)
        found += _envelope(stream, branch, event, id)
        if not found:
            return []
        verdicts.append(found)
    return min(verdicts, key=len) if verdicts else _strange(open_, value)


def _by_event(stream: EventStream, event: str | None) -> list[Branch]:
    """Return the branches that an event type may mean: those that declare it, else the silent."""
    type_ = None if event in {None, "", DEFAULT_TYPE} else event
    declared = [b for b in stream.branches if b.declared and b.event == type_]
    silent = [b for b in stream.branches if not b.declared]
    called = [b for b in silent if b.name is not None and b.name == event]
    return declared or called or silent


def _by_data(branches: Sequence[Branch], value: object) -> list[Branch]:
    """Return the branches whose constants the data have, or do not contradict.

    A branch that shares most of its constants with the data is the one that is meant.
    """
    if len(branches) == 1 or not isinstance(value, dict):
        return list(branches)
    scored = []
    for branch in branches:
        held = [key for key in branch.constants if key in value]
        if all(_same(value[key], branch.constants[key]) for key in held):
            scored.append((len(held), branch))
    most = max((score for score, _ in scored), default=0)
    return [branch for score, branch in scored if score == most]


def _same(left: object, right: object) -> bool:
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def _undeclared(stream: EventStream, event: str | None) -> Violation:
    names = dict.fromkeys(branch.event or DEFAULT_TYPE for branch in stream.branches)
    listed = ", ".join(names)
    what = f"the document declares no event of type {event or DEFAULT_TYPE!r} here"
    mend = did_you_mean(event or DEFAULT_TYPE, names)
    return Violation("event", what, listed, stream.pointer, "undeclared-event", mend)


def _strange(branches: Sequence[Branch], value: object) -> list[Violation]:
    """Say which constant of the data no branch has."""
    members = value if isinstance(value, dict) else {}
    for key in dict.fromkeys(key for branch in branches for key in branch.constants):
        known = [str(b.constants[key]) for b in branches if key in b.constants]
        if key in members and str(members[key]) not in known:
            return [
                Violation(
                    f"data.{key}",
                    f"{_short(members[key])} is none of the kinds of data declared here",
                    _short(", ".join(dict.fromkeys(known)), quote=False),
                    branches[0].pointer,
                    "data",
                    did_you_mean(str(members[key]), dict.fromkeys(known)),
                )
            ]
    what = "the constants in it belong to no one kind of data declared here"
    return [Violation("data", what, "", branches[0].pointer, "data")]


def _parsed(data: str) -> tuple[object, str]:
    try:
        return json.loads(data), ""
    except ValueError as error:
        return None, str(error)
    except RecursionError:
        return None, "it is nested too deeply"


def _envelope(
    stream: EventStream, branch: Branch, event: str | None, id_: str | None
) -> list[Violation]:
    """Check what the schema of the whole event asks for beside its data."""
    found = []
    pointer = branch.whole.pointer if branch.whole else branch.pointer
    present = {"event": event, "id": id_}
    for name in sorted(branch.required & present.keys()):
        default = name == "event" and branch.declared and branch.event is None
        if present[name] is None and not default:
            what = f"the event has no {name!r}, which is required"
            found.append(Violation(name, what, name, f"{pointer}/required", "event-field"))
    if id_ is not None and branch.id_schema is not None:
        found += _errors(stream, branch.id_schema, id_, "id")
    return found


def _check(stream: EventStream, branch: Branch, value: object) -> list[Violation]:
    if branch.schema is True:
        return []
    return _errors(stream, Place(branch.schema, branch.pointer), value, "data")


def _errors(stream: EventStream, schema: Place, value: object, field: str) -> list[Violation]:
    from jsonschema.exceptions import best_match  # noqa: PLC0415  (50 ms)

    try:
        errors = [best_match([error]) for error in _validator(stream, schema).iter_errors(value)]
    except RecursionError:
        what = "the schema refers to itself without end"
        return [Violation(field, what, "", schema.pointer, "data")]
    return [_violation(stream.document, schema, error, field) for error in errors]


def _validator(stream: EventStream, schema: Place) -> Any:
    """Return the validator of a schema, compiled once for each stream."""
    from jsonschema import Draft202012Validator, FormatChecker  # noqa: PLC0415  (50 ms)

    key = (schema.pointer, id(schema.value))
    if key not in stream.cache:
        cache = stream.document.cache
        normaliser = cache.setdefault("normaliser", Normaliser(stream.document))
        formats = FormatChecker(FORMATS)
        stream.cache[key] = Draft202012Validator(normaliser.schema(schema), format_checker=formats)
    return stream.cache[key]


def _violation(document: Document, schema: Place, error: Any, field: str) -> Violation:
    asked = error.validator_value
    expected = f"{error.validator}: {_json(asked)}" if _is_brief(asked) else str(error.validator)
    return Violation(
        _path(field, error.absolute_path),
        _short(error.message, quote=False),
        expected,
        _locate(document, schema, error.absolute_schema_path),
        "data" if field == "data" else "event-field",
    )


def _is_brief(asked: object) -> bool:
    """Tell a plain value from schemas, which may be large or contain themselves."""
    if isinstance(asked, list):
        return len(asked) <= 30 and not any(isinstance(item, dict | list) for item in asked)
    return not isinstance(asked, dict)


def _path(field: str, steps: Iterable[str | int]) -> str:
    for step in steps:
        field += f"[{step}]" if isinstance(step, int) else f".{step}"
    return field


def _locate(document: Document, schema: Place, steps: Iterable[str | int]) -> str:
    """Return the pointer into the document of where a normalised schema was left by `steps`."""
    place, rest = schema, list(steps)
    while rest:
        if rest[0] == "allOf" and rest[1:2] == [0] and reference(place.value):
            place, rest = document.lookup(place.value["$ref"]) or place, rest[2:]
            continue
        if rest[0] == "allOf" and len(rest) > 1 and reference(place.value):
            rest[1] = int(rest[1]) - 1
        if (
            rest[:2] == ["anyOf", 0]
            and place.object.get("nullable")
            and "anyOf" not in place.object
        ):
            rest = rest[2:]
            continue
        step = rest.pop(0)
        nearer = _child(place, step)
        if nearer is None:
            break
        place = nearer
    return place.pointer


def _child(place: Place, step: str | int) -> Place | None:
    if isinstance(place.value, list) and isinstance(step, int) and step < len(place.value):
        return Place(place.value[step], f"{place.pointer}/{step}")
    if isinstance(place.value, dict) and step in place.value:
        return Place(place.value[step], f"{place.pointer}/{escape(step)}")
    return None


def _json(value: object) -> str:
    return _short(json.dumps(value, ensure_ascii=False, default=str), quote=False)


def _short(value: object, *, quote: bool = True) -> str:
    text = repr(value) if quote else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def document_problems(contract: Contract) -> list[Problem]:
    """Return a warning for everything that a validator of whole documents finds.

    Takes seconds on a document of megabytes. Never raises: where the validator itself fails, as
    it does on some documents, that is one of the warnings.
    """
    problems: list[Problem] = []
    try:
        validator = _document_validator(contract)
        for error in validator.iter_errors():
            problems.append(_document_problem(contract.source, error))  # noqa: PERF401
    except Exception as error:  # noqa: BLE001  (whatever a library fails by on strange input)
        what = f"the document could not be validated to the end: {_fault(error)}"
        problems.append(
            Problem(Location(contract.source), what, "not-validated", severity="warning")
        )
    return list(dict.fromkeys(problems))


def _document_validator(contract: Contract) -> Any:
    import openapi_spec_validator as library  # noqa: PLC0415  (100 ms and more)

    kind = getattr(
        library, f"OpenAPIV{contract.version[0]}{contract.version[1]}SpecValidator", None
    )
    if kind is None:
        version = ".".join(map(str, contract.version))
        raise NotImplementedError(
            f"the installed openapi-spec-validator knows no OpenAPI {version}"
        )
    return kind(_with_text_keys(contract.document.tree))


def _with_text_keys(value: Any) -> Any:
    """Copy plain data with every key as text: YAML writes `200:` as a number."""
    if isinstance(value, dict):
        return {str(key): _with_text_keys(item) for key, item in value.items()}
    return [_with_text_keys(item) for item in value] if isinstance(value, list) else value


def _document_problem(source: str, error: Any) -> Problem:
    from jsonschema.exceptions import best_match  # noqa: PLC0415  (50 ms)

    nearest = best_match([error]) if getattr(error, "context", None) else error
    path = list(nearest.absolute_path)
    pointer = "".join(f"/{escape(step)}" for step in path)
    what = _short(nearest.message, quote=False)
    return Problem(Location(source, pointer=pointer), what, "invalid-openapi", severity="warning")


def _fault(error: Exception) -> str:
    return _short(f"{type(error).__name__}: {error}", quote=False)
