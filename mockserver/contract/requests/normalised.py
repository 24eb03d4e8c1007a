"""One operation as openapi-core validates it: the copy that it is given, and its readers.

Handed to the library is what it would get wrong: a copy that has nothing in it but this operation,
references resolved and schemas normalised; a finder that has found it already; a reader for each
style and media type; our own validators. Decision 0010 says why. Like `library`, this is imported
on use.
"""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from openapi_core import V32RequestValidator
from openapi_core.deserializing.exceptions import DeserializeError
from openapi_core.deserializing.media_types.factories import MediaTypeDeserializersFactory
from openapi_core.deserializing.styles.factories import StyleDeserializersFactory
from openapi_core.templating.datatypes import TemplateResult
from openapi_core.templating.paths.datatypes import PathOperationServer
from openapi_core.templating.paths.finders import BasePathFinder
from openapi_core.validation.schemas.exceptions import ValidateError
from openapi_core.validation.schemas.factories import SchemaValidatorsFactory

from mockserver.contract.media import FORM, essence
from mockserver.contract.requests import styles
from mockserver.contract.requests.forms import UNREAD, BodyError, Declared, read_body
from mockserver.contract.requests.kinds import kinds, members
from mockserver.contract.schemas import normaliser
from mockserver.contract.values import validator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from jsonschema_path import SchemaPath

    from mockserver.contract.place import Place
    from mockserver.contract.requests.styles import Fits, Tree
    from mockserver.contract.requests.terms import Body, Content, Parameter, Sent, Terms
    from mockserver.contract.schemas import Schema

_ERRORS: Final = 100
"""Errors of one value that are looked at: a body may have a million wrong items."""


class UnreadableError(DeserializeError):
    """A part of a request cannot be read as what it is declared to be; `steps` lead to it."""

    def __init__(self, what: str, steps: Sequence[str | int] = ()) -> None:
        self.what = what
        self.steps = tuple(steps)
        super().__init__(what)


class UnfitError(ValidateError):
    """A value does not fit its schema; `errors` are those of jsonschema."""

    def __init__(self, schema: Place, errors: Sequence[Any]) -> None:
        self.schema = schema
        self.errors = errors
        super().__init__(schema.pointer)


def copy_of(terms: Terms) -> dict[str, Any]:
    """Return a document with this one operation in it, `POST /`, as the library has to see it."""
    normal = normaliser(terms.operation.document, "request").schema

    def schema(place: Place | None) -> dict[str, Any]:
        made = True if place is None else normal(place)
        # The library cannot walk into a schema that is true or false.
        return made if isinstance(made, dict) else {} if made else {"not": {}}

    def parameter(found: Parameter) -> dict[str, Any]:
        # The library knows no part of that name, where OAS 3.2 has one.
        part = "query" if found.part == "querystring" else found.part
        copied = {"name": found.name, "in": part, "required": found.required}
        if found.media_type:
            return copied | {"content": {found.media_type: {"schema": schema(found.schema)}}}
        style = {"style": found.style, "explode": found.explode}
        return copied | style | {"schema": schema(found.schema)}

    operation: dict[str, Any] = {"parameters": [parameter(found) for found in terms.parameters]}
    if terms.body is not None:
        contents = terms.body.contents.items()
        operation["requestBody"] = {
            "required": terms.body.required,
            "content": {key: {"schema": schema(content.schema)} for key, content in contents},
        }
    return {"openapi": "3.2.0", "paths": {"/": {"post": operation}}}


class Finder(BasePathFinder):
    """The router has found the operation: it is the only one."""

    def find(self, method: str, name: str) -> PathOperationServer:  # noqa: ARG002
        """Return it."""
        path = self.spec / "paths" / "/"
        return PathOperationServer(path, path / "post", None, TemplateResult("", {}), None)


class _Location(dict[str, Any]):
    """The parameters of one part of a request: for the library a mapping of raw texts."""

    def __init__(self, texts: Mapping[str, str], fields: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(texts)
        self.fields = fields


class Locations:
    """Lays out where the parameters of one operation are found."""

    def __init__(self, terms: Terms) -> None:
        self._headers = [p.name for p in terms.parameters if p.part == "header"]
        self._whole = [p.name for p in terms.parameters if p.part == "querystring"]

    def __call__(self, sent: Sent) -> dict[str, _Location]:
        """Return the parts of a request."""
        query = styles.pairs(sent.query)
        texts = {name: styles.plus(text) for name, text in reversed(query)}
        texts |= {name: sent.query for name in self._whole if sent.query}
        headers = {name: sent.headers.get(name.lower()) for name in self._headers}
        return {
            "path": _Location(sent.path),
            "query": _Location(texts, query),
            "header": _Location({n: text for n, text in headers.items() if text is not None}),
            "cookie": _Location(
                {name: styles.percent(text) for name, text in reversed(sent.cookies)}, sent.cookies
            ),
        }


class _Parameters(dict[str, _Location]):
    """What the library calls the parameters of a request."""

    path: Mapping[str, str]


class _Body:
    """A body with what it is declared to be; false where there is none."""

    def __init__(self, content: bytes, content_type: str) -> None:
        self.content = content
        self.content_type = content_type

    def __bool__(self) -> bool:
        return bool(self.content)


class Request:
    """A request as the library wants it."""

    host_url = "http://mock"
    path = "/"
    method = "post"

    def __init__(self, sent: Sent, locations: dict[str, _Location], declared: Body | None) -> None:
        # RFC 9110 § 8.3: a body without Content-Type may be taken for bytes of any kind.
        kind = sent.content_type or "application/octet-stream"
        content = declared.content(kind) if declared else None
        self.parameters = _Parameters(locations)
        self.parameters.path = {"": ""}  # Found already: the library shall not look.
        self.body = _Body(sent.body, kind)
        self.content_type = content.key if content else essence(kind)


class _Read(NamedTuple):
    """A value that was read, and what it has to fit; None where nothing is asked of it."""

    value: Any
    schema: Place | None


class Styles(StyleDeserializersFactory):
    """Reads parameters by their style."""

    def __init__(self, terms: Terms, fits: Fits) -> None:
        super().__init__(V32RequestValidator.schema_casters_factory)
        self._terms = terms
        self._fits = fits
        self._normal = normaliser(terms.operation.document, "request").schema

    def create(  # type: ignore[override]
        self,
        spec: SchemaPath,  # noqa: ARG002
        schema: SchemaPath,
        style: str,  # noqa: ARG002
        explode: bool,  # noqa: ARG002, FBT001
        name: str,  # noqa: ARG002
    ) -> _Reader:
        """Return the reader of a parameter, whose place in the copy says which one it is."""
        parameter = self._terms.parameters[int(schema.parts[-2])]
        return _Reader(partial(self._read, parameter))

    def _read(self, parameter: Parameter, location: _Location) -> _Read:
        """Return the value of a parameter. Raises KeyError where it is absent, UnreadableError."""
        if parameter.plain:
            return _Read(location[parameter.name], None)
        schema: Schema = True if parameter.schema is None else self._normal(parameter.schema)
        try:
            trees = self._trees(parameter, schema, location)
        except styles.StyleError as error:
            raise UnreadableError(str(error)) from None
        if not trees:
            raise KeyError(parameter.name)
        if parameter.allows_empty and ("" in trees or [""] in trees):
            return _Read("", None)
        readings = [styles.typed(tree, [schema], self._fits) for tree in trees]
        return _Read(styles.chosen(readings, [schema], self._fits), parameter.schema)

    def _trees(self, parameter: Parameter, schema: Schema, location: _Location) -> list[Tree]:
        name, explode = parameter.name, parameter.explode
        if parameter.part in {"query", "cookie"}:
            decode = styles.plus if parameter.part == "query" else styles.percent
            decode = styles.verbatim if parameter.style == "cookie" else decode
            fields = self._own_fields(parameter, schema, location.fields)
            return styles.named(fields, name, [schema], parameter.style, decode, explode=explode)
        raw, wanted = location[name], kinds(schema)
        if parameter.part == "header":
            return styles.simple(raw, wanted, styles.verbatim, explode=explode)
        match parameter.style:
            case "label":
                return styles.label(raw, wanted, styles.percent, explode=explode)
            case "matrix":
                return styles.matrix(raw, name, wanted, styles.percent, explode=explode)
        return styles.simple(raw, wanted, styles.percent, explode=explode)

    def _own_fields(
        self, parameter: Parameter, schema: Schema, fields: Sequence[tuple[str, str]]
    ) -> list[tuple[str, str]]:
        """Leave out what belongs to other parameters: an exploded object may take all the rest."""
        others = {name for part, name in self._terms.declared if part == parameter.part}
        others -= {parameter.name, *members([schema])}
        return [(name, value) for name, value in fields if name not in others]


class MediaTypes(MediaTypeDeserializersFactory):
    """Reads bodies, and parameters that have a media type."""

    def __init__(self, terms: Terms, fits: Fits) -> None:
        super().__init__(StyleDeserializersFactory(V32RequestValidator.schema_casters_factory))
        self._terms = terms
        self._fits = fits
        self._document = terms.operation.document
        self._normal = normaliser(self._document, "request").schema

    def create(  # type: ignore[override]
        self, spec: SchemaPath, mimetype: str, schema: SchemaPath | None = None, **_: Any
    ) -> _Reader:
        """Return the reader of a body or a parameter; its place in the copy says of which."""
        del spec
        assert schema is not None  # the copy always has one
        *_rest, index, _content, key, _schema = schema.parts
        if index == "requestBody":
            assert self._terms.body is not None
            return _Reader(partial(self._body, self._terms.body.contents[str(key)]))
        return _Reader(partial(self._parameter, self._terms.parameters[int(index)], mimetype))

    def _body(self, content: Content, body: _Body) -> _Read:
        return self._read(body.content, body.content_type, content.place, content.schema)

    def _parameter(self, parameter: Parameter, media_type: str, text: str) -> _Read:
        coded = parameter.part in {"path", "querystring"} and media_type != FORM
        raw = styles.percent(text) if coded else text
        return self._read(
            raw.encode("utf-8", "replace"), media_type, parameter.holder, parameter.schema
        )

    def _read(self, raw: bytes, media_type: str, holder: Place, schema: Place | None) -> _Read:
        normal: Schema = True if schema is None else self._normal(schema)
        try:
            value = read_body(raw, media_type, Declared(self._document, holder, normal, self._fits))
        except BodyError as error:
            raise UnreadableError(error.what, error.steps) from None
        return _Read(value, None if value is UNREAD else schema)


class _Reader:
    """What the library calls a deserialiser."""

    def __init__(self, read: Callable[[Any], _Read]) -> None:
        self.deserialize = read


class _Judge:
    """What the library calls a validator of a schema."""

    def __init__(self, validate: Callable[[_Read], None]) -> None:
        self.validate = validate


class Validators(SchemaValidatorsFactory):
    """Hands out the validators that everything else is held to as well, each compiled once."""

    def __init__(self, terms: Terms) -> None:
        super().__init__(V32RequestValidator.schema_validators_factory.schema_validator_cls)
        self._document = terms.operation.document

    def create(self, *_: Any, **__: Any) -> _Judge:  # type: ignore[override]
        """Return what validates a value that was read, which knows its own schema."""
        return _Judge(self._validate)

    def _validate(self, read: _Read) -> None:
        if read.schema is None:
            return
        found = validator(self._document, read.schema, "request").iter_errors(read.value)
        errors = list(islice(found, _ERRORS))
        if errors:
            raise UnfitError(read.schema, errors)
