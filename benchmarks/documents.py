"""A large OpenAPI document, made here so that nothing has to be fetched, as JSON and as YAML."""

import json
from pathlib import Path

import yaml

MEGABYTE = 1_000_000
GITHUB = (
    Path(__file__)
    .resolve()
    .parent.parent.joinpath(
        "tests/corpus/node_modules/@octokit/openapi/generated/api.github.com.json"
    )
)
"""GitHub's own, where the packages of tests/corpus are installed."""


def write_documents(folder: Path, megabytes: float) -> tuple[Path, Path]:
    """Write a document of so many megabytes of JSON, and the same in YAML; return both."""
    folder.mkdir(parents=True, exist_ok=True)
    as_json, as_yaml = folder / "large.json", folder / "large.yaml"
    one = len(json.dumps(document(11), indent=2)) - len(json.dumps(document(10), indent=2))
    tree = document(int(megabytes * MEGABYTE / one))
    as_json.write_text(json.dumps(tree, indent=2), encoding="utf-8")
    text = yaml.dump(tree, Dumper=yaml.CSafeDumper, sort_keys=False, width=100)
    as_yaml.write_text(text, encoding="utf-8")
    return as_json, as_yaml


def document(resources: int) -> dict:
    """Return a document with four operations and three schemas for each of its resources."""
    paths, schemas = {}, {"Problem": {"type": "object", "properties": {"detail": TEXT}}}
    for n in range(resources):
        paths |= _paths(n)
        schemas |= _schemas(n, resources)
    info = {"title": "Large", "version": "1", "description": SAID * 3}
    components = {"schemas": schemas, "responses": {"404": _answer("Problem")}}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": components}


SAID = "What a description says: a few sentences, some of them with `code` in them. "
TEXT = {"type": "string", "description": SAID}


def _answer(schema: str, *, many: bool = False, example: object = None) -> dict:
    wanted = {"$ref": f"#/components/schemas/{schema}"}
    media = {"schema": {"type": "array", "items": wanted} if many else wanted}
    if example is not None:
        media["examples"] = {"one": {"value": example}}
    return {"description": SAID, "content": {"application/json": media}}


def _paths(n: int) -> dict:
    owner = {"name": "owner", "in": "path", "required": True, "schema": TEXT}
    page = {"name": "page", "in": "query", "schema": {"type": "integer", "minimum": 1}}
    body = {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/New{n}"}}}}
    gone = {"$ref": "#/components/responses/404"}
    example = {"id": n, "name": "one", "tags": ["a", "b"], "owner": {"id": 1, "name": "me"}}

    def operation(name: str, status: str, answer: dict, **more: object) -> dict:
        said = {"operationId": f"{name}{n}", "summary": f"{name} {n}", "description": SAID * 4}
        return {**said, "tags": [f"t{n % 40}"], **more, "responses": {status: answer, "404": gone}}

    listed = operation("list", "200", _answer(f"Item{n}", many=True), parameters=[owner, page])
    made = operation("make", "201", _answer(f"Item{n}", example=example), requestBody=body)
    read = operation("read", "200", _answer(f"Item{n}", example=example), parameters=[owner])
    gone_ = operation("drop", "204", {"description": SAID}, parameters=[owner])
    item = {"get": read, "delete": gone_}
    events = {"get": _stream(n)} if n % 50 == 0 else {}
    return {
        f"/owners/{{owner}}/things{n}": {"get": listed, "post": {**made, "parameters": [owner]}},
        f"/owners/{{owner}}/things{n}/{{id}}": item,
        **({f"/things{n}/events": events} if events else {}),
    }


def _stream(n: int) -> dict:
    data = {"$ref": f"#/components/schemas/Item{n}"}
    event = {"type": "object", "properties": {"event": {"const": "changed"}, "data": data}}
    media = {"text/event-stream": {"schema": event}}
    return {"responses": {"200": {"description": SAID, "content": media}}}


def _schemas(n: int, resources: int) -> dict:
    other = {"$ref": f"#/components/schemas/Item{(n * 7 + 1) % resources}"}
    fields = {f"field_{i}": {**TEXT, "examples": [f"value {i}"]} for i in range(12)}
    size = {"type": "integer", "minimum": 0, "description": SAID}
    usual = {"id": size, "name": TEXT, "other": other, "tags": {"type": "array", "items": TEXT}}
    item = {"type": "object", "required": ["id", "name"], "properties": {**usual, **fields}}
    new = {"allOf": [{"$ref": f"#/components/schemas/Base{n}"}, {"properties": {"secret": TEXT}}]}
    return {f"Item{n}": item, f"New{n}": new, f"Base{n}": {"type": "object", "properties": fields}}
