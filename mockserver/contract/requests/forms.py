"""Bodies made back into JSON values: forms, multipart forms, JSON, text.

OAS 3.2 § Encoding Object, § Encoding By Name.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from mockserver.contract.media import FORM, MULTIPART, essence, is_json, quality
from mockserver.contract.requests import styles
from mockserver.contract.requests.kinds import items, kinds, member, members, takes
from mockserver.contract.requests.multipart import MultipartError, Part, header_parameters, parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mockserver.contract.document import Document
    from mockserver.contract.place import Place
    from mockserver.contract.requests.styles import Fits, Tree
    from mockserver.contract.schemas import Schema


class BodyError(ValueError):
    """A body, or a part of it, cannot be read as what it is said to be.

    `steps` lead to the part.
    """

    def __init__(self, what: str, *steps: str | int) -> None:
        self.what = what
        self.steps = steps
        super().__init__(what)


class Octets(str):
    """Bytes where a schema asks for a text: a character a byte, so that lengths are right."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self):,} bytes>"


class _Unread:
    """A body that nothing is asked of but to be there: XML, images, archives."""

    def __repr__(self) -> str:
        return "UNREAD"


UNREAD = _Unread()


class Declared(NamedTuple):
    """What is declared of a body: its Media Type Object, and its schema, normalised.

    `fits` says whether a value fits a part of the schema.
    """

    document: Document
    holder: Place
    schema: Schema
    fits: Fits


def read_body(body: bytes, content_type: str, declared: Declared) -> Any:
    """Return the JSON value that a body stands for, or UNREAD. Raises BodyError."""
    kind = essence(content_type)
    if is_json(kind):
        return json_of(body)
    if kind == FORM:
        return _Form(declared).of_fields(styles.pairs(body.decode("utf-8", "replace")))
    if kind.startswith("multipart/"):
        sent = _parts(body, content_type)
        return _Form(declared).of_parts(sent) if kind == MULTIPART else UNREAD
    if kind.startswith("text/") and kind != "text/xml":
        return styles.typed(text_of(body, content_type), [declared.schema], declared.fits)
    return UNREAD


def read_fields(body: bytes, content_type: str, declared: Declared) -> dict[str, Any] | None:
    """Return the fields of a form, typed by its schema, without files; None for what is no form.

    Raises BodyError for a field that is not what it is declared to be.
    """
    kind = essence(content_type)
    if kind == FORM:
        return _Form(declared).of_fields(styles.pairs(body.decode("utf-8", "replace")))
    if kind != MULTIPART:
        return None
    sent = [part for part in _parts(body, content_type) if part.filename is None]
    made = _Form(declared).of_parts(sent)
    return {name: value for name, value in made.items() if not _is_file(value)}


def _is_file(value: Any) -> bool:
    several = value if isinstance(value, list) else [value]
    return any(isinstance(one, Octets) for one in several)


def json_of(body: bytes | str) -> Any:
    """Return the value of a JSON text. Raises BodyError."""
    try:
        return json.loads(body, parse_constant=_no_constant)
    except UnicodeDecodeError:
        what = "it is not JSON: it is no UTF-8"
    except ValueError as error:
        what = f"it is not JSON: {error}"
    except RecursionError:
        what = "it is nested too deeply to be read"
    raise BodyError(what)


def _no_constant(name: str) -> Any:
    raise ValueError(f"JSON has no {name}")


def text_of(body: bytes, content_type: str) -> str:
    """Return a text in the charset that its type names, UTF-8 where it names none that is known."""
    charset = header_parameters(content_type).get("charset", "utf-8")
    try:
        return body.decode(charset, "replace")
    except LookupError:
        return body.decode("utf-8", "replace")


def _parts(body: bytes, content_type: str) -> list[Part]:
    try:
        return parts(body, content_type)
    except MultipartError as error:
        raise BodyError(f"it is not {essence(content_type)}: {error}") from None


class _Form:
    """Reads the fields of one form by its schema and its encoding."""

    def __init__(self, declared: Declared) -> None:
        self._document = declared.document
        self._encoding = declared.document.get(declared.holder, "encoding")
        self._schemas = [declared.schema]
        self._fits = declared.fits
        self._declared = members(self._schemas)

    # application/x-www-form-urlencoded

    def of_fields(self, fields: Sequence[tuple[str, str]]) -> dict[str, Any]:
        """Return the object that the fields of a form make; values are still as sent."""
        made: dict[str, Any] = {}
        taken: set[str] = set()
        for name, schemas in self._declared.items():
            readings = self._readings(fields, name, schemas)
            if readings:
                made[name] = styles.chosen(readings, schemas, self._fits)
                taken |= {key for key, _ in fields if key == name or key.startswith(f"{name}[")}
                taken |= members(schemas).keys() if self._is_spread(name) else set()
        for name in dict.fromkeys(key for key, _ in fields if key not in taken):
            values = [styles.plus(value) for key, value in fields if key == name]
            tree = values if len(values) > 1 else values[0]
            made[name] = styles.typed(tree, member(self._schemas, name), self._fits)
        return made

    def _readings(
        self, fields: Sequence[tuple[str, str]], name: str, schemas: list[Schema]
    ) -> list[Any]:
        """Return what a property may be: in its style, in brackets, or written as JSON.

        What is an object has no one way to be written in a form: OAS 3.0 stringifies it, most
        clients write brackets.
        """
        place = self._place(name)
        style, explode = place.text("style") or "form", place.object.get("explode")
        explode = explode if isinstance(explode, bool) else style == "form"
        if style not in {"form", "spaceDelimited", "pipeDelimited", "deepObject"}:
            style = "form"
        spread = self._is_spread(name)
        trees: list[Tree] = styles.named(
            fields, name, schemas, style, styles.plus, explode=explode, spread=spread
        ) or styles.bracketed(fields, name, styles.plus)
        made = [styles.typed(tree, schemas, self._fits) for tree in trees]
        values = [value for key, value in fields if key == name]
        if len(values) == 1 and _takes({"object", "array"}, schemas):
            made = [*styles.written_as_json(styles.plus(values[0])), *made]
        return made

    def _is_spread(self, name: str) -> bool:
        """Tell whether an object's properties are fields of the form itself, if it is one."""
        return self._place(name).text("style") == "form"

    def _place(self, name: str) -> Place:
        return self._document.follow(self._encoding.get(name))

    # multipart/form-data

    def of_parts(self, sent: Sequence[Part]) -> dict[str, Any]:
        """Return the object that the parts of a form make. Raises BodyError."""
        made: dict[str, Any] = {}
        for name in dict.fromkeys(part.name for part in sent):
            own = [part for part in sent if part.name == name]
            schemas = member(self._schemas, name)
            several = _takes({"array"}, schemas)
            if several and not (len(own) == 1 and self._is_json(own[0])):
                inner = items(schemas)
                made[name] = [self._value(part, inner, name, n) for n, part in enumerate(own)]
            elif len(own) > 1:
                made[name] = [self._value(part, [], name, n) for n, part in enumerate(own)]
            else:
                made[name] = self._value(own[0], schemas, name)
        return made

    def _value(self, part: Part, schemas: list[Schema], *steps: str | int) -> Any:
        declared = self._place(part.name).text("contentType")
        kind = part.media_type
        if kind and declared and not _accepted(kind, declared):
            raise BodyError(f"it is {essence(kind)}, and {declared} is declared", *steps)
        wants_text = not schemas or _takes({"string"}, schemas)
        if part.filename is not None and wants_text:
            return Octets(part.content.decode("latin-1"))
        if self._is_json(part) and not wants_text:
            try:
                return json_of(part.content)
            except BodyError as error:
                raise BodyError(error.what, *steps) from None
        if kind and not is_json(kind) and not kind.lower().startswith("text/"):
            return Octets(part.content.decode("latin-1"))
        text = text_of(part.content, kind or "text/plain")
        structured = _takes({"object", "array"}, schemas) or self._is_json(part)
        readings = styles.written_as_json(text) if structured else []
        readings.append(styles.typed(text, schemas, self._fits))
        return styles.chosen(readings, schemas, self._fits)

    def _is_json(self, part: Part) -> bool:
        """Tell whether a part is JSON: as it says itself, else as is declared of it."""
        if part.media_type is not None:
            return is_json(part.media_type)
        declared = self._place(part.name).text("contentType")
        return part.filename is None and declared is not None and is_json(declared)


def _takes(wanted: Iterable[str], schemas: Sequence[Schema]) -> bool:
    """Tell whether one of these schemas takes a value of one of these types by name."""
    return any(takes(kind, kinds(schema)) for kind in wanted for schema in schemas)


def _accepted(kind: str, declared: str) -> bool:
    """Tell whether a part's media type is one of those that its encoding lists."""
    return quality(essence(kind), ",".join(essence(item) for item in declared.split(","))) > 0
