"""A small document with streams of several kinds of events, for the tests of coverage."""

from stage import catalog_of


def answers(**statuses):
    """Return responses without content."""
    return {f"{status.lstrip('_')}": {"description": ""} for status in statuses}


def streaming(item, **more):
    """Return responses of which 200 is a stream of such items."""
    content = {"text/event-stream": {"itemSchema": item}}
    return {"200": {"description": "", "content": content}, **answers(**more)}


def event(name, schema):
    """Return the schema of an event with JSON in its data."""
    data = {"contentMediaType": "application/json", "contentSchema": schema}
    return {"required": ["event"], "properties": {"event": {"const": name}, "data": data}}


def typed(name):
    """Return the schema of data with a constant type."""
    return {"type": "object", "properties": {"type": {"const": name}}, "required": ["type"]}


_JSON = {"contentMediaType": "application/json"}
ORDERS = {"oneOf": [event("update", {"type": "object"}), event("done", {"type": "object"})]}
CHAT = {
    "properties": {
        "data": {
            "anyOf": [
                {**_JSON, "contentSchema": {"oneOf": [typed("start"), typed("delta")]}},
                {"const": "[DONE]"},
            ]
        }
    }
}
UNTAGGED = {
    "properties": {
        "data": {
            **_JSON,
            "contentSchema": {
                "oneOf": [
                    {"title": "Number", "type": "object", "properties": {"v": {"type": "number"}}},
                    {"title": "Text", "type": "object", "properties": {"v": {"type": "string"}}},
                ]
            },
        }
    }
}
SHOP = {
    "openapi": "3.2.0",
    "info": {"title": "A shop", "version": "1"},
    "paths": {
        "/orders": {"get": {"operationId": "orders", "responses": streaming(ORDERS, _204="")}},
        "/chat": {
            "post": {
                "operationId": "chat",
                "responses": {
                    **streaming(CHAT),
                    "4XX": {"description": ""},
                    "default": {"description": ""},
                },
            }
        },
        "/values": {"get": {"operationId": "values", "responses": streaming(UNTAGGED)}},
        "/things": {
            "get": {"operationId": "things", "responses": answers(_200="", _404="")},
            "post": {"operationId": "addThing", "responses": answers(_201="")},
        },
    },
}


def shop(*texts):
    """Return the catalog of scenarios on the shop."""
    return catalog_of(*texts, document=SHOP)
