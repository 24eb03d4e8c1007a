"""openapi-core, asked about the requests to one operation; its errors become faults of ours.

The library walks the parameters and the body, says what is missing and which media type counts,
and gathers all errors. It takes 0.4 s to import, so that this is imported on use.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jsonschema_path import SchemaPath
from openapi_core import V32RequestValidator
from openapi_core.templating.media_types.exceptions import MediaTypeNotFound
from openapi_core.validation.request.exceptions import (
    MissingParameterError,
    MissingRequestBodyError,
    ParameterValidationError,
    RequestBodyValidationError,
)

from mockserver.contract.media import essence
from mockserver.contract.place import Place
from mockserver.contract.requests.faults import RequestFault, carrier, of_value, pointer_of
from mockserver.contract.requests.normalised import (
    Finder,
    Locations,
    MediaTypes,
    Request,
    Styles,
    UnfitError,
    UnreadableError,
    Validators,
    copy_of,
)
from mockserver.contract.values import validator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.contract.requests.faults import Where
    from mockserver.contract.requests.terms import Parameter, Sent, Terms
    from mockserver.contract.schemas import Schema


class Library:
    """openapi-core with one operation of ours in it."""

    def __init__(self, terms: Terms) -> None:
        document = terms.operation.document
        base = validator(document, Place(True, ""), "request")  # noqa: FBT003

        def fits(schema: Schema, value: Any) -> bool:
            return bool(base.evolve(schema=schema).is_valid(value))

        self._terms = terms
        self._document = document
        self._locations = Locations(terms)
        self._library = V32RequestValidator(
            SchemaPath.from_dict(copy_of(terms)),
            path_finder_cls=Finder,
            style_deserializers_factory=Styles(terms, fits),
            media_type_deserializers_factory=MediaTypes(terms, fits),
            schema_validators_factory=Validators(terms),
        )

    def faults(self, sent: Sent) -> Iterator[RequestFault]:
        """Yield all that is wrong with the parameters and the body of a request."""
        request = Request(sent, self._locations(sent), self._terms.body)
        for error in self._library.iter_errors(request):  # type: ignore[arg-type]
            match error:
                case ParameterValidationError():
                    yield from self._of_parameter(error)
                case RequestBodyValidationError():
                    yield from self._of_body(error, sent)
                case _:
                    raise error

    def _of_parameter(self, error: ParameterValidationError) -> Iterator[RequestFault]:
        named = (p for p in self._terms.parameters if p.name == error.name)
        parameter = next(p for p in named if p.part.removesuffix("string") == error.location)
        where: Where = "query" if parameter.part == "querystring" else parameter.part
        match error.__cause__:
            case UnfitError() as cause:
                yield from of_value(
                    self._document,
                    cause.schema,
                    cause.errors,
                    where,
                    parameter.name,
                    code="wrong-parameter",
                )
            case UnreadableError() as cause:
                fault = self._fault(parameter, where, cause.what, code="wrong-parameter")
                yield replace(fault, pointer=pointer_of(cause.steps))
            case _ if isinstance(error, MissingParameterError):
                yield self._fault(parameter, where, "it is missing", code="missing-parameter")
            case _:
                raise error

    def _fault(self, parameter: Parameter, where: Where, what: str, *, code: str) -> RequestFault:
        return RequestFault(
            where=where,
            name=parameter.name,
            what=what,
            schema=parameter.place.pointer,
            code=code,
            carriers=(carrier(where, parameter.name),),
        )

    def _of_body(self, error: RequestBodyValidationError, sent: Sent) -> Iterator[RequestFault]:
        body = self._terms.body
        assert body is not None
        listed = ", ".join(dict.fromkeys(content.written for content in body.contents.values()))
        match error.__cause__:
            case UnfitError() as cause:
                yield from of_value(
                    self._document, cause.schema, cause.errors, "body", code="wrong-body"
                )
            case UnreadableError() as cause:
                yield RequestFault(
                    where="body",
                    pointer=pointer_of(cause.steps),
                    what=cause.what,
                    expected=essence(sent.content_type or ""),
                    schema=body.place.pointer,
                    code="malformed-body",
                    carriers=(carrier("body", "", cause.steps),),
                )
            case MediaTypeNotFound():
                kind = sent.content_type
                yield RequestFault(
                    where="body",
                    what=f"it is {kind}" if kind else "it has no Content-Type",
                    expected=listed,
                    schema=f"{body.place.pointer}/content",
                    code="wrong-content-type",
                    mend=f"send -H 'Content-Type: {next(iter(body.contents.values())).written}'",
                    carriers=("body", "headers/content-type"),
                )
            case _ if isinstance(error, MissingRequestBodyError):
                yield RequestFault(
                    where="body",
                    what="it is missing",
                    expected=listed,
                    schema=body.place.pointer,
                    code="missing-body",
                    carriers=("body",),
                )
            case _:
                raise error
