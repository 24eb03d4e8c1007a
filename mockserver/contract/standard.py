"""What a document as a whole breaks of its standard, as openapi-spec-validator finds it.

The library takes 100 ms and more to import, so that it is done on use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockserver.contract.place import escape
from mockserver.contract.values import sentence, short
from mockserver.errors import Location, Problem
from mockserver.late import late

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mockserver.contract.contract import Contract
    from mockserver.contract.document import Document


def document_problems(contract: Contract) -> list[Problem]:
    """Return a warning for everything that a validator of whole documents finds.

    Takes seconds on a document of megabytes. Never raises: where the validator itself fails, as
    it does on some documents, that is one of the warnings.
    """
    problems: list[Problem] = []
    try:
        for error in _validator(contract).iter_errors():
            problems.append(_problem(contract.document, error))  # noqa: PERF401
    except Exception as error:  # noqa: BLE001  (whatever a library fails by on strange input)
        fault = short(f"{type(error).__name__}: {error}", quote=False)
        what = f"the document could not be validated to the end: {fault}"
        problems.append(
            Problem(Location(contract.source), what, "not-validated", severity="warning")
        )
    return list(dict.fromkeys(problems))


def _validator(contract: Contract) -> Any:
    library = late("openapi_spec_validator")  # 100 ms and more
    kind = getattr(
        library, f"OpenAPIV{contract.version[0]}{contract.version[1]}SpecValidator", None
    )
    if kind is None:
        version = ".".join(map(str, contract.version))
        raise NotImplementedError(
            f"the installed openapi-spec-validator knows no OpenAPI {version}"
        )
    return _placing(kind)(_with_text_keys(contract.document.tree))


def _placing(kind: Any) -> Any:
    """Return a kind of validator of which every error knows where in the document it was found.

    What the library finds by its own rules has no path, or one that begins at a schema.
    """
    parts = {
        name: type(part.__name__, (_Placing, part), {"at_default": name == "default"})
        for name, part in kind.keyword_validators.items()
        if name != "__root__"
    }
    parts["__root__"] = kind.keyword_validators["__root__"]
    return type(kind.__name__, (kind,), {"keyword_validators": parts})


class _Placing:
    """Before one of the library's validators: gives its errors their place, the innermost first."""

    at_default = False

    def __init__(self, registry: Any) -> None:
        super().__init__(registry)  # type: ignore[call-arg]
        for name in ("visited_schema_ids", "meta_checked_schema_ids"):
            if isinstance(getattr(self, name, None), list):
                # Lists that are searched at every schema take minutes where there are thousands.
                setattr(self, name, _Seen())

    def __call__(self, *asked: Any, **options: Any) -> Iterator[Any]:
        parts = next((p for a in reversed(asked) if (p := getattr(a, "parts", None))), ())
        start = (*parts, "default") if self.at_default else parts
        for error in super().__call__(*asked, **options):  # type: ignore[misc]
            if not hasattr(error, "is_placed"):
                error.is_placed = True
                error.path.extendleft(reversed(start))
            yield error


class _Seen(set[int]):
    """What was seen, with the one method of a list by which the library adds to it."""

    append = set.add


def _with_text_keys(value: Any) -> Any:
    """Copy plain data with every key as text: YAML writes `200:` as a number."""
    if isinstance(value, dict):
        return {str(key): _with_text_keys(item) for key, item in value.items()}
    return [_with_text_keys(item) for item in value] if isinstance(value, list) else value


def _problem(document: Document, error: Any) -> Problem:
    best_match = late("jsonschema").exceptions.best_match  # 50 ms
    nearest = best_match([error]) if getattr(error, "context", None) else error
    pointer = _pointer(document, nearest.absolute_path)
    what = short(sentence(nearest), quote=False)
    return document.problem(pointer, what, "invalid-openapi", severity="warning")


def _pointer(document: Document, path: Iterable[str | int]) -> str:
    """Return the pointer for a path, which may lead through references."""
    place = document.root
    for step in path:
        if isinstance(place.value, dict) and step not in place.value:
            place = document.follow(place)
        place = document.at(f"{place.pointer}/{escape(step)}") or place.get(step)
    return place.pointer
