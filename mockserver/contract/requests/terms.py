"""What one operation asks of a request: parameters, a body, credentials; read once.

What is malformed asks nothing. OAS 3.2 § Parameter Object, § Request Body Object.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple
from urllib.parse import unquote

from mockserver.contract.media import essence, is_range
from mockserver.contract.path_items import parameter_objects, path_item
from mockserver.contract.requests.credentials import Scheme, requirements
from mockserver.contract.requests.kinds import kinds, takes, takes_any_text
from mockserver.contract.schemas import normaliser
from mockserver.contract.templates import Segment, parse_segment, plain
from mockserver.shared import once

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mockserver.contract.operations import Operation
    from mockserver.contract.place import Place

Part = Literal["path", "query", "querystring", "header", "cookie"]

# OAS 3.2 § Parameter Object: header parameters of these names are ignored.
_RESERVED: Final = frozenset({"accept", "content-type", "authorization"})

_STYLES: Final[Mapping[Part, tuple[str, ...]]] = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "querystring": (),
    "header": ("simple",),
    "cookie": ("form", "cookie"),
}
"""The styles of each part of a request, the default first."""

_SHAPED: Final = frozenset({"label", "matrix", "deepObject"})
"""The styles in which not every text is written."""

_PARTS: Final[Mapping[str, Part]] = {part: part for part in _STYLES}

_BODILESS: Final = frozenset({"GET", "HEAD", "DELETE", "OPTIONS", "TRACE"})


class Sent(NamedTuple):
    """What of a request the validators look at; names of headers in lower case."""

    path: Mapping[str, str]
    query: str
    headers: Mapping[str, str]
    cookies: Sequence[tuple[str, str]]
    content_type: str | None
    body: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Parameter:
    """A parameter that a request can have; `style` is "" for one with `content`.

    `schema` is what its value has to fit, None where any does. `plain` is one that any text fits,
    so that only its absence can be wrong. `holder` is the object that its schema stands in.
    """

    name: str
    part: Part
    required: bool
    style: str
    explode: bool
    allows_empty: bool
    media_type: str
    place: Place
    holder: Place
    schema: Place | None
    plain: bool

    @property
    def folded(self) -> str:
        """The name as it is looked up: those of headers have no case."""
        return self.name.lower() if self.part == "header" else self.name


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """A media type that a body may have; `schema` is None where nothing is asked of it.

    `written` is the media type with its parameters, `key` what tells it from the others.
    """

    key: str
    written: str
    place: Place
    schema: Place | None


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """The body that an operation takes; `contents` by their key, the most particular first."""

    required: bool
    place: Place
    contents: Mapping[str, Content]

    def content(self, content_type: str) -> Content | None:
        """Return what is declared of a media type, with its parameters or else without them.

        None where it is not declared, or by a range only.
        """
        written = _normal(content_type)
        # A client may say a charset where the document does not.
        bare = ";".join(part for part in written.split(";") if not part.startswith("charset="))
        known = {content.written: content for content in self.contents.values()}
        return known.get(written) or known.get(bare) or self.contents.get(essence(content_type))


@dataclass(frozen=True, eq=False)
class Terms:
    """All that an operation asks; `parameters` are those that a request can fail.

    `security` are the alternatives, each a set of schemes that go together; empty: none is asked.
    `declared` are all parameters, by part and name; `fault` says why they could not be read.
    """

    operation: Operation
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    security: tuple[tuple[Scheme, ...], ...] = ()
    declared: frozenset[tuple[Part, str]] = frozenset()
    fault: str = ""
    kept: dict[str, Any] = field(default_factory=dict, repr=False)
    """What is made of the terms when the first request comes."""

    @property
    def of_library(self) -> bool:
        """Whether a request has anything that openapi-core has to judge."""
        return bool(self.parameters or self.body)

    @once
    def names(self) -> Mapping[Part, Mapping[str, bool]]:
        """The parameters of each part, folded, and whether their value matters."""
        found: dict[Part, dict[str, bool]] = {part: {} for part in _STYLES}
        for parameter in self.parameters:
            found[parameter.part][parameter.folded] = not parameter.plain
        return found

    @once
    def whole(self) -> frozenset[Part]:
        """The parts of which more matters than what is called like a parameter."""
        return frozenset(
            "query" if parameter.part == "querystring" else parameter.part
            for parameter in self.parameters
            if parameter.part == "querystring"
            or parameter.style == "deepObject"
            or self._is_spread(parameter)
        )

    def _is_spread(self, parameter: Parameter) -> bool:
        """Tell whether the properties of an exploded object are fields of their own."""
        if parameter.plain or not parameter.explode or parameter.schema is None:
            return False
        schema = normaliser(self.operation.document, "request").schema(parameter.schema)
        return parameter.part in {"query", "cookie"} and takes("object", kinds(schema))


def terms_of(operation: Operation) -> Terms:
    """Return what an operation asks, read once for each. Never raises."""
    kept: dict[tuple[str, str], Terms]
    key = (operation.id, operation.pointer)
    with operation.document.turn:
        kept = operation.document.cache.setdefault("terms", {})
        if key not in kept:
            try:
                kept[key] = _terms(operation)
            except Exception as error:  # noqa: BLE001  (documents are malformed in every way)
                kept[key] = Terms(operation, fault=f"{type(error).__name__}: {error}")
        return kept[key]


def _terms(operation: Operation) -> Terms:
    declared = list(parameters_of(operation))
    return Terms(
        operation,
        tuple(p for p in declared if not p.plain or (p.required and p.part != "path")),
        _body(operation),
        requirements(operation),
        frozenset((p.part, p.name) for p in declared),
    )


def parameters_of(operation: Operation) -> Iterator[Parameter]:
    """Yield the parameters: the operation's, then those of its path item that it has not itself.

    OAS 3.2 § Parameter Object: a name and a location make a parameter unique.
    """
    document = operation.document
    item = path_item(document, document.root.get("paths").get(operation.path))
    seen = set()
    for place in parameter_objects(document, item, operation.place):
        parameter = _parameter(operation, place)
        if parameter is not None and (parameter.part, parameter.folded) not in seen:
            seen.add((parameter.part, parameter.folded))
            yield parameter


def _parameter(operation: Operation, place: Place) -> Parameter | None:
    document = operation.document
    name, part = place.text("name"), _PARTS.get(place.text("in") or "")
    if name is None or part is None:
        return None
    if part == "header" and name.lower() in _RESERVED:
        return None
    if part == "path" and name not in operation.path_parameters:
        return None
    content = next(document.get(place, "content").members(), None)
    styles = _STYLES[part]
    style = place.text("style")
    style = style if style in styles else (*styles, "")[0]
    explode = place.object.get("explode")
    holder = document.follow(content[1]) if content else place
    schema = _schema(holder)
    return Parameter(
        name,
        part,
        part == "path" or place.object.get("required") is True,
        "" if content else style,
        explode if isinstance(explode, bool) else style in {"form", "cookie"},
        place.object.get("allowEmptyValue") is True,
        essence(content[0]) if content else "",
        place,
        holder,
        schema,
        not content and style not in _SHAPED and _is_plain(operation, schema, part),
    )


def _is_plain(operation: Operation, schema: Place | None, part: Part) -> bool:
    if schema is None:
        return True
    # OAS 3.2 § Paths Object: an expression in a path stands for one character at least.
    shortest = 1 if part == "path" else 0
    return takes_any_text(normaliser(operation.document, "request").schema(schema), shortest)


def _schema(holder: Place) -> Place | None:
    schema = holder.get("schema")
    return schema if isinstance(schema.value, dict | bool) else None


def _body(operation: Operation) -> Body | None:
    document = operation.document
    place = document.get(operation.place, "requestBody")
    contents: dict[str, Content] = {}
    for written, holder in document.get(place, "content").members():
        media_type = document.follow(holder)
        kind = essence(written)
        key = kind if kind not in contents else f"{kind}.{len(contents)}"
        contents[key] = Content(key, _normal(written), media_type, _schema(media_type))
    if not contents:
        return None
    # OAS 3.0 § Operation Object: where HTTP gives a body no meaning, this shall be ignored.
    ignored = document.version == (3, 0) and operation.method in _BODILESS
    required = place.object.get("required") is True and not ignored
    ranked = sorted(contents.items(), key=lambda pair: _breadth(pair[0]))
    return Body(required, place, dict(ranked))


def _normal(media_type: str) -> str:
    """Write a media type with its parameters in one way, so that two can be compared."""
    parts = [part.strip() for part in media_type.split(";")]
    named = [
        f"{name.strip().lower()}={value.strip()}"
        for name, _, value in (part.partition("=") for part in parts[1:] if part)
    ]
    return ";".join([parts[0].lower(), *named])


def _breadth(media_type: str) -> int:
    kind = essence(media_type)
    return 0 if not is_range(kind) else 2 if kind.startswith("*") else 1


def raw_path_parameters(operation: Operation, path: str) -> dict[str, str]:
    """Return the path parameters as they were sent, still percent-encoded."""
    written = plain(operation.path).split("/")[1:]
    sent = path.split("/")[-len(written) :]
    found: dict[str, str] = {}
    for ours, theirs in zip(written, sent, strict=False):
        segment = parse_segment(unquote(ours))
        if isinstance(segment, Segment):
            values = segment.match(theirs)
            found.update(zip(segment.names, values or (), strict=False))
    return found
