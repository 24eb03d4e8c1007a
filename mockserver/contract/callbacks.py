"""The requests that the document says the server itself sends: callbacks and webhooks.

OAS 3.2 § Callback Object, § OpenAPI Object (`webhooks`). Parts that are malformed are skipped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from mockserver.contract.answering.answers import as_it_stands
from mockserver.contract.answering.bodies import body_of, file_of, full_type, is_xml
from mockserver.contract.answering.headers import header_text, is_answered
from mockserver.contract.examples import named
from mockserver.contract.media import concrete, is_json
from mockserver.contract.path_items import methods_of, parameter_objects, path_item
from mockserver.contract.place import Place
from mockserver.contract.sampling.sample import sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.contract.document import Document
    from mockserver.contract.operations import Operation


@dataclass(frozen=True, slots=True)
class HeaderParameter:
    """A header that the request declares; `holder` has its schema and examples."""

    name: str
    required: bool
    holder: Place


@dataclass(frozen=True, slots=True, eq=False)
class OutgoingRequest:
    """One request that the server may send. `operation` is the id of who declares a callback.

    `url` is the text with runtime expressions that says where a callback goes, None of a webhook.
    `media_type` is that of the body, None where none is declared; `holder` its media type object.
    """

    kind: Literal["callback", "webhook"]
    name: str
    method: str
    url: str | None
    operation: str
    pointer: str
    media_type: str | None
    holder: Place
    headers: tuple[HeaderParameter, ...]
    document: Document = field(repr=False)

    @property
    def schema(self) -> Place:
        """The schema of the body; of None where there is none."""
        return self.holder.get("schema")

    def body(self, seed: str) -> tuple[str, bytes] | None:
        """Return the media type and the bytes of the body; None where none is declared.

        The first example, else what the schema allows in a request; `seed` is the text that chance
        comes from. Raises Unsatisfiable.
        """
        if self.media_type is None:
            return None
        shown = named(self.document, self.holder, None)
        if shown is not None:
            text = isinstance(shown.value, str) and as_it_stands(self.media_type, shown)
            return self.written(shown.value, as_text=text)
        schema, file = self.schema, file_of(self.media_type)
        if file is not None:
            return self.media_type, file
        if schema.value is None or schema.value is True or schema.value == {}:
            bare = is_json(self.media_type) or is_xml(self.media_type)
            return self.written({} if bare else "text")
        return self.written(sample(self.document, schema, seed, direction="request"))

    def written(self, value: Any, *, as_text: bool = False) -> tuple[str, bytes]:
        """Return the media type to send, and `value` as its body; `as_text`: a text as it is."""
        text = isinstance(value, str)
        usual = "text/plain; charset=utf-8" if text else "application/json"
        kind = full_type(concrete(self.media_type or usual, "*/*", text=text))
        if as_text:
            return kind, value.encode("utf-8", "replace")
        return kind, body_of(self.document, kind, self.schema, value)

    def needed_headers(self, seed: str) -> Iterator[tuple[str, str]]:
        """Yield the headers that are declared as required, as far as they can be made."""
        for header in self.headers:
            if header.required and is_answered(header.name):
                text = header_text(self.document, header.name, header.holder, seed)
                if text is not None:
                    yield header.name, text


def callbacks(operation: Operation) -> dict[str, list[OutgoingRequest]]:
    """Return the callbacks of an operation by name, each with its requests in document order."""
    document = operation.document
    found: dict[str, list[OutgoingRequest]] = {}
    for name, written in document.get(operation.place, "callbacks").members():
        requests = [
            request
            for url, item in document.follow(written).members()
            if not url.startswith("x-")
            for request in _requests(
                document, item, kind="callback", name=name, url=url, operation=operation.id
            )
        ]
        if requests:
            found[name] = requests
    return found


def webhooks(document: Document) -> dict[str, list[OutgoingRequest]]:
    """Return the webhooks of a document by name, each with its requests in document order."""
    found: dict[str, list[OutgoingRequest]] = {}
    for name, item in document.root.get("webhooks").members():
        requests = list(_requests(document, item, kind="webhook", name=name))
        if requests:
            found[name] = requests
    return found


def _requests(
    document: Document,
    written: Place,
    *,
    kind: Literal["callback", "webhook"],
    name: str,
    url: str | None = None,
    operation: str = "",
) -> Iterator[OutgoingRequest]:
    item = path_item(document, written)
    for method, place in methods_of(document, item):
        media_type, holder = _body(document, place)
        yield OutgoingRequest(
            kind=kind,
            name=name,
            method=method,
            url=url,
            operation=operation,
            pointer=place.pointer,
            media_type=media_type,
            holder=holder,
            headers=tuple(_headers(document, item, place)),
            document=document,
        )


def _body(document: Document, place: Place) -> tuple[str | None, Place]:
    """Return the media type of the request's body: JSON where it is among several."""
    content = document.get(place, "requestBody", "content")
    kinds = [(name, document.follow(holder)) for name, holder in content.members()]
    if not kinds:
        return None, Place(None, content.pointer)
    return next((kind for kind in kinds if is_json(kind[0])), kinds[0])


def _headers(document: Document, item: Place, place: Place) -> Iterator[HeaderParameter]:
    """Yield header parameters, the operation's before the path item's of the same name.

    OAS 3.2 § Parameter Object: Accept, Content-Type and Authorization are ignored as parameters.
    """
    seen = {"accept", "content-type", "authorization"}
    for holder in parameter_objects(document, item, place):
        name = holder.text("name")
        if name is None or holder.object.get("in") != "header" or name.lower() in seen:
            continue
        seen.add(name.lower())
        yield HeaderParameter(name, holder.object.get("required") is True, holder)
