"""The head of an answer as the document has it, around a body that it does not know."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from mockserver.contract import NOTHING, Answer, answer, shapes
from mockserver.contract.answering.bodies import body_of
from mockserver.contract.collection import is_structured
from mockserver.contract.items import joined, members, plain_name, shown
from mockserver.contract.media import concrete, essence
from mockserver.contract.sampling.sample import Unsatisfiable, sample
from mockserver.contract.values import fits

if TYPE_CHECKING:
    from mockserver.contract import Operation, Wish
    from mockserver.contract.collection import Collection
    from mockserver.contract.document import Document
    from mockserver.contract.items import Body
    from mockserver.contract.place import Place


def usual(operation: Operation, wish: Wish) -> Answer:
    """Return the document's own answer, whichever thing is asked for. Raises ControlError.

    Where a document declares errors only, as the oldest of all Petstores does for `POST /pet`, it
    is the answer that such a method usually gets.
    """
    found = operation.response(wish.status)
    if found is not None and found[0] >= 400 and wish.status is None:
        return Answer(_STATUSES.get(operation.method, 200), None, {}, b"")
    return answer(operation, wish._replace(path=()))


_STATUSES: Final = {"POST": 201, "DELETE": 204, "PUT": 204, "PATCH": 204}


def declares(operation: Operation, status: int) -> bool:
    """Tell whether a document has words for a status; `default` has, where it is for errors."""
    names = {name.upper() for name, _ in operation.responses()}
    if names & {str(status), f"{status // 100}XX"}:
        return True
    return "DEFAULT" in names and any(name.startswith("2") for name in names) and status >= 400


def holder_of(operation: Operation, found: Answer, accept: str) -> Place | None:
    """Return the media type object of an answer whose body has members."""
    response = operation.response(found.status)
    if response is None or found.media_type is None:
        return None
    for media_type, holder in operation.content(response[1]):
        sent = concrete(media_type, accept, text=False)
        if is_structured(media_type) and essence(sent) == essence(found.media_type):
            return holder
    return None


def whole_of(document: Document, holder: Place, seed: str) -> Any:
    """Return a body as the document shows it, else made from its schema."""
    kept: dict[tuple[str, str], Any] = document.cache.setdefault("whole bodies", {})
    key = (holder.pointer, seed)
    if key not in kept:
        kept[key] = shown(document, holder)
        if kept[key] is NOTHING:
            try:
                kept[key] = sample(document, holder.get("schema"), seed)
            except Unsatisfiable:
                kept[key] = None
    return kept[key]


def flagged(document: Document, schema: Place, value: Any) -> Any:
    """Return what is answered of a thing that was removed: where it has a flag for that, true."""
    if not isinstance(value, dict):
        return value
    flags = {
        name: True
        for name, places in members(document, schema).items()
        if plain_name(name) == "deleted"
        and shapes.types(document, places) <= {"boolean", "null"}
        and fits(document, joined(document, places), True, "response")  # noqa: FBT003
    }
    return {**value, **flags}


def encoded(document: Document, found: Answer, body: Body, value: Any) -> Answer:
    """Return an answer with this value as its body."""
    assert found.media_type is not None
    return replace(found, body=body_of(document, found.media_type, body.schema, value))


def located(found: Answer, collection: Collection, path: str, key: str) -> Answer:
    """Return an answer that says where the thing is that was made by a request to `path`."""
    headers = {name: text for name, text in found.headers.items() if name.lower() != "location"}
    declared = len(headers) < len(found.headers)
    if collection.parameter is not None and (declared or found.status == 201):
        end = "/" if collection.item_path.endswith("/") else ""
        own = quote(key, safe="", errors="replace")
        headers["Location"] = f"{path.rstrip('/')}/{own}{end}"
        return replace(found, headers=headers)
    return found
