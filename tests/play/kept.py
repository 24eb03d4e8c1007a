"""A small API whose things are kept, and a client that asks a Keeper directly."""

import json
from urllib.parse import parse_qsl, quote

from mockserver.contract import Wish, read
from mockserver.contract.templates import plain
from mockserver.play.kept.keeper import Keeper
from mockserver.play.kept.store import Store
from mockserver.play.opening import Opening


def answers(status, schema=None, **more):
    """Return responses of which one has JSON of that schema."""
    content = (
        {} if schema is None else {"content": {"application/json": {"schema": schema, **more}}}
    )
    return {status: {"description": "", **content}}


def operation(responses, body=None, **more):
    """Return an operation that takes JSON, or what `more` says it takes."""
    made = {"responses": responses, **more}
    if body is not None:
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return made


def ref(name):
    return {"$ref": f"#/components/schemas/{name}"}


def query(**schemas):
    return [{"name": name, "in": "query", "schema": schema} for name, schema in schemas.items()]


def api(item, new, *, listed=None, parameters=(), path="/things", key="id", more=None, **schemas):
    """Return a document with one collection, of `item` things, made of `new` bodies."""
    listed = listed or {"type": "array", "items": ref("Thing")}
    paths = {
        path: {
            "get": operation(answers("200", listed), parameters=list(parameters)),
            "post": operation(answers("201", ref("Thing")), ref("New")),
        },
        f"{path}/{{{key}}}": {
            "get": operation(answers("200", ref("Thing"))),
            "put": operation(answers("200", ref("Thing")), ref("New")),
            "patch": operation(answers("200", ref("Thing")), ref("New")),
            "delete": operation(answers("204")),
        },
        **(more or {}),
    }
    components = {"schemas": {"Thing": item, "New": new, **schemas}}
    info = {"title": "Things", "version": "1"}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": components}


class Client:
    """Asks a Keeper as a client would ask the server."""

    def __init__(self, document, seed="0", store=None):
        self.contract = read(document, "api.yaml")
        self.keeper = Keeper(self.contract, seed)
        self.store = Store() if store is None else store

    def ask(self, method, target, body=None, *, kind="application/json", accept="*/*", prefix=""):
        """Return the answer; None where the Keeper has none. Raises ControlError."""
        path, _, text = target.partition("?")
        route = self.contract.route(method, path)
        opening = Opening(
            method=method,
            target=target,
            path=route.path_parameters,
            query=dict(reversed(parse_qsl(text))),
            headers={"content-type": kind, "accept": accept},
            body=body,
        )
        wish = Wish(accept=accept, path=tuple(opening.path.items()), prefix=prefix)
        return self.keeper.answer(self.store, route.operation, opening, wish)

    def json(self, method, target, body=None, **more):
        """Return status and JSON of the answer."""
        answer = self.ask(method, target, body, **more)
        return answer.status, json.loads(answer.body) if answer.body else None

    def make(self, path, body=None, **more):
        """Return the thing that a POST makes."""
        status, thing = self.json("POST", path, {} if body is None else body, **more)
        assert status == 201
        return thing

    def listed(self, target):
        return self.json("GET", target)[1]


def item_path(path, key):
    return f"{path}/{quote(str(key), safe='')}"


__all__ = ["Client", "answers", "api", "item_path", "operation", "plain", "query", "ref"]
