"""Whether a value fits a schema of a document, by jsonschema and as little else as may be.

Nothing of mockserver.contract is used: what that reads wrongly must not be forgiven here. The
document becomes JSON Schema 2020-12 as a whole: `nullable` and the boolean bounds of OAS 3.0 are
rewritten, write-only members need not be in a response, and patterns that Python cannot compile are
left out. References stay references; those to an anchor get its pointer, as only a whole schema would
be searched for it, and those that lead nowhere ask nothing.
"""

from __future__ import annotations

import re
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from jsonschema import Draft202012Validator
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT202012

if TYPE_CHECKING:
    from collections.abc import Iterator

BASE = "urn:document"


class Judge:
    """The judge of one document."""

    def __init__(self, tree: dict[Any, Any]) -> None:
        self._tree = _written(tree)
        _Rewriter(self._tree).everything()
        resource = DRAFT202012.create_resource(self._tree)
        self._registry = Registry().with_resource(BASE, resource)

    def faults(self, pointer: str, value: object) -> list[str]:
        """Return what keeps a value from fitting the schema at a pointer."""
        escaped = pointer.replace("%", "%25").replace(" ", "%20")
        validator = _Validator(
            {"$ref": f"{BASE}#{escaped}"}, registry=self._registry
        )  # fmt: skip
        return [
            f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
            for error in validator.iter_errors(value)
        ]


def _multiple_of(validator: Any, step: float, value: Any, schema: Any) -> Iterator[Any]:
    """Let a number be a multiple as jsonschema divides, or as decimals have it where one is a float."""
    some = isinstance(value, float) or isinstance(step, float)
    if validator.is_type(value, "number") and some:
        with localcontext(prec=1000):
            if Decimal(str(value)) % Decimal(str(step)) == 0:
                return
    yield from Draft202012Validator.VALIDATORS["multipleOf"](validator, step, value, schema)


_Validator = extend(Draft202012Validator, {"multipleOf": _multiple_of})


def _written(value: Any) -> Any:
    """Copy plain data; every key becomes text, as it would in JSON."""
    if isinstance(value, dict):
        return {str(key): _written(item) for key, item in value.items()}
    return [_written(item) for item in value] if isinstance(value, list) else value


def _mappings(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield every mapping of a tree; what is done to one of them hides none of the others."""
    stack = [tree]
    while stack:
        value = stack.pop()
        if isinstance(value, list):
            stack.extend(value)
        elif isinstance(value, dict):
            stack.extend(value.values())
            yield value


def _anchors(tree: Any, pointer: str = "#") -> Iterator[tuple[str, str]]:
    """Yield every anchor, as a reference names it, and the pointer to it."""
    if isinstance(tree, dict) and isinstance(tree.get("$anchor"), str):
        yield f"#{tree['$anchor']}", pointer
    children = tree.items() if isinstance(tree, dict) else ()
    for key, child in enumerate(tree) if isinstance(tree, list) else children:
        token = str(key).replace("~", "~0").replace("/", "~1")
        yield from _anchors(child, f"{pointer}/{token}")


class _Rewriter:
    """Rewrites every mapping that could be a schema, in place."""

    def __init__(self, tree: Any) -> None:
        self._tree = tree
        some = any("$anchor" in value for value in _mappings(tree))
        self._anchors = dict(_anchors(tree)) if some else {}

    def everything(self) -> None:
        for value in _mappings(self._tree):
            self._rewrite(value)

    def _rewrite(self, schema: dict[str, Any]) -> None:
        ref = schema.get("$ref")
        if isinstance(ref, str):
            schema["$ref"] = ref = self._anchors.get(ref, ref)
            if not ref.startswith("#") or self._at(ref) is None:
                del schema["$ref"]
        for name in ("$schema", "$id"):  # It is a property elsewhere; as a keyword it misleads.
            if isinstance(schema.get(name), str):
                del schema[name]
        if isinstance(schema.get("pattern"), str) and not _compiles(schema["pattern"]):
            del schema["pattern"]
        for strict, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
            strictly = isinstance(schema.get(strict), bool) and schema.pop(strict)
            if strictly and bound in schema:
                schema[strict] = schema.pop(bound)
        if isinstance(schema.get("required"), list) and isinstance(schema.get("properties"), dict):
            schema["required"] = [
                name for name in schema["required"]
                if not self._is_write_only(schema["properties"].get(name))
            ]  # fmt: skip
        if schema.get("nullable") is True:
            self._nullable(schema)

    def _nullable(self, schema: dict[str, Any]) -> None:
        asked = dict(schema)
        del asked["nullable"]
        schema.clear()
        schema["anyOf"] = [asked, {"type": "null"}]
        if isinstance(asked.get("properties"), dict):  # A pointer may lead through it.
            schema["properties"] = asked["properties"]

    def _is_write_only(self, schema: Any) -> bool:
        for _ in range(20):
            if not isinstance(schema, dict):
                return False
            if schema.get("writeOnly") is True:
                return True
            ref = schema.get("$ref")
            if not isinstance(ref, str) or not ref.startswith("#/"):
                return False
            schema = self._at(ref)
        return False

    def _at(self, ref: str) -> Any:
        value = self._tree
        for token in ref.split("/")[1:]:
            key = unquote(token).replace("~1", "/").replace("~0", "~")
            if isinstance(value, list):
                value = dict(enumerate(value)).get(int(key) if key.isdigit() else -1)
            else:
                value = value.get(key) if isinstance(value, dict) else None
        return value


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return False
    return True
