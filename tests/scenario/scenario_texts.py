"""Scenarios as texts, and a small document for them; shared by the tests of the language."""

from textwrap import dedent

from mockserver import contract
from mockserver.scenario.catalog import link
from mockserver.scenario.read import broken_names, read_scenarios


def _callback(url, *methods):
    return {url: {method: {"responses": {}} for method in methods}}


DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Orders", "version": "1"},
    "paths": {
        "/orders/{id}/events": {
            "get": {
                "operationId": "streamOrder",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
                ],
                "responses": {"200": {"description": "", "content": {"text/event-stream": {}}}},
                "callbacks": {
                    "statusChanged": _callback("{$request.query.notify}", "post"),
                    "either": _callback("{$request.query.notify}", "post", "put"),
                    "answered": _callback("{$response.body#/url}", "post"),
                    "pathless": _callback("http://x/{$request.path.nobody}", "post"),
                    "bodiless": _callback("{$request.body#/url}", "post"),
                },
            }
        },
        "/events": {
            "get": {
                "operationId": "streamEvents",
                "responses": {"200": {"description": "", "content": {"text/event-stream": {}}}},
            }
        },
        "/lines": {
            "get": {
                "operationId": "exportLines",
                "responses": {"200": {"description": "", "content": {"application/jsonl": {}}}},
            }
        },
        "/things": {
            "get": {
                "operationId": "getThing",
                "responses": {"200": {"description": "", "content": {"application/json": {}}}},
            }
        },
    },
    "webhooks": {"orderPaid": {"post": {"responses": {}}}},
}


def read(*texts, known=None):
    """Read files `a.yaml`, `b.yaml` … of the scenarios a, b …; returns scenarios and problems."""
    files = (
        (f"{name}.yaml", name, text if isinstance(text, bytes) else dedent(text).encode())
        for name, text in zip("abcdefgh", texts, strict=False)
    )
    return read_scenarios(files, known)


def one(text):
    """Return the only scenario of `text`, which has no fault."""
    scenarios, problems = read(text)
    assert [str(problem) for problem in problems] == []
    (scenario,) = scenarios
    return scenario


def stream(steps, **keys):
    """Return the scenario with these steps, written in YAML."""
    head = "".join(f"{key}: {value}\n" for key, value in keys.items())
    return f"operation: streamEvents\n{head}stream:\n{dedent(steps)}"


def catalog(*texts, files=None):
    """Read and link; returns the catalog and all problems, sorted by place."""
    known = {}
    scenarios, problems = read(*texts, known=known)

    def body(name):
        if name not in (files or {}):
            raise ValueError("there is no such file")
        return files[name]

    document = contract.read(DOCUMENT, "api.yaml")
    found, unlinked = link(document, scenarios, body, broken_names(known))
    return found, sorted([*problems, *unlinked], key=lambda problem: problem.order)


def rows(text):
    """Return the rows of the only program of `text`."""
    found, problems = catalog(text)
    assert [str(problem) for problem in problems] == []
    (program,) = found.programs.values()
    return program.rows
