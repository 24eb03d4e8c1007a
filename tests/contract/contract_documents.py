"""Small OpenAPI documents for the tests of the contract."""

from mockserver.contract import read


def document(paths=None, version="3.1.0", **more):
    """Return a document with these paths."""
    info = {"title": "A test", "version": "1"}
    return {"openapi": version, "info": info, "paths": paths or {}, **more}


def contract(paths=None, version="3.1.0", settings=None, **more):
    """Return the contract of a document with these paths."""
    return read(document(paths, version, **more), "api.yaml", settings)


def responding(content, status="200", **more):
    """Return an operation with one response of that content."""
    return {"responses": {status: {"description": "", "content": content}}, **more}


def operation(fields, version="3.1.0", settings=None, **more):
    """Return the operation of a document that has one: `GET /it`."""
    made = contract({"/it": {"get": fields}}, version, settings, **more)
    return made.operations[next(iter(made.operations))]


def stream(media_type, version="3.1.0", settings=None, *, fields=None, **schemas):
    """Return the stream of an operation that answers this media type object."""
    settings = {"GET /it": settings} if settings else None
    fields = responding({"text/event-stream": media_type}, **(fields or {}))
    return operation(fields, version, settings, components={"schemas": schemas}).stream
