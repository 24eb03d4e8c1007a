"""The Petstore's document, and its two older versions."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import openapi_schema_validator as schemas
import openapi_spec_validator as specs
import pytest
from openapi_spec_validator.readers import read_from_filename
from referencing import Registry
from referencing.jsonschema import DRAFT4, DRAFT202012

ROOT = Path(__file__).parent.parent
FIXTURES = ROOT / "tests" / "fixtures" / "specs"
FILES = {
    "3.2": ROOT / "specs" / "petstore.openapi.yaml",
    "3.1": FIXTURES / "petstore-3.1.yaml",
    "3.0": FIXTURES / "petstore-3.0.yaml",
}
DOCUMENTS = {version: read_from_filename(str(path))[0] for version, path in FILES.items()}
SPEC_VALIDATORS = {
    "3.2": specs.OpenAPIV32SpecValidator,
    "3.1": specs.OpenAPIV31SpecValidator,
    "3.0": specs.OpenAPIV30SpecValidator,
}
SCHEMA_VALIDATORS = {
    "3.2": (schemas.OAS32Validator, DRAFT202012, schemas.oas32_format_checker),
    "3.1": (schemas.OAS31Validator, DRAFT202012, schemas.oas31_format_checker),
    "3.0": (schemas.OAS30Validator, DRAFT4, schemas.oas30_format_checker),
}
ITEMS = {"application/x-ndjson", "application/json-seq"}
METHODS = {"get", "put", "post", "delete", "patch"}
each_version = pytest.mark.parametrize("version", FILES)


def pointer(*parts):
    """Return the reference to a place in the document."""
    return "#" + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def found(document, ref):
    """Return what a local reference points to."""
    node = document
    for part in ref.removeprefix("#/").split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        node = node[int(key) if isinstance(node, list) else key]
    return node


def followed(document, node, ref):
    """Return the node and its place, behind a reference if it is one."""
    return (found(document, node["$ref"]), node["$ref"]) if "$ref" in node else (node, ref)


def operations(document):
    """Yield each operation with its method, path and place, those of webhooks and callbacks too."""
    roots = [("paths", document["paths"]), ("webhooks", document.get("webhooks", {}))]
    for root, items in roots:
        for path, item in items.items():
            for method in METHODS & item.keys():
                operation, ref = item[method], pointer(root, path, method)
                yield method, path, operation, ref
                for name, callback in operation.get("callbacks", {}).items():
                    for expression, called in callback.items():
                        for verb in METHODS & called.keys():
                            place = ref + pointer("callbacks", name, expression, verb)[1:]
                            yield verb, expression, called[verb], place


def contents(document):
    """Yield every media type of every request and response, with its name and place."""
    for _, _, operation, ref in operations(document):
        carriers = [(operation.get("requestBody"), ref + "/requestBody")]
        carriers += [
            (response, f"{ref}/responses/{status}")
            for status, response in operation["responses"].items()
        ]
        for carrier, place in carriers:
            if carrier is None:
                continue
            carrier, place = followed(document, carrier, place)  # noqa: PLW2901
            for name, media in carrier.get("content", {}).items():
                yield name, media, place + pointer("content", name)[1:]


def values(document, media):
    """Yield the examples of a media type by name."""
    for name, example in media.get("examples", {}).items():
        target, _ = followed(document, example, "")
        yield name, target["dataValue"] if "dataValue" in target else target["value"]


def errors(version, ref, instance):
    """Return what the schema at a place of the document has against a value."""
    validator, dialect, formats = SCHEMA_VALIDATORS[version]
    registry = Registry().with_resource("urn:doc", dialect.create_resource(DOCUMENTS[version]))
    judge = validator({"$ref": f"urn:doc{ref}"}, registry=registry, format_checker=formats)
    return [f"{error.json_path}: {error.message}" for error in judge.iter_errors(instance)]


def event_errors(version, branch, ref, event):
    """Return what one branch of a stream's items has against an event, its JSON included."""
    wrong = errors(version, ref, event)
    if not wrong and "contentSchema" in branch["properties"]["data"]:
        try:
            data = json.loads(event["data"])
        except ValueError as error:
            return [str(error)]
        return errors(version, f"{ref}/properties/data/contentSchema", data)
    return wrong


def streams(document):
    """Yield every event stream whose events have a schema, with its place."""
    for name, media, place in contents(document):
        if name == "text/event-stream" and {"itemSchema", "schema"} & media.keys():
            yield media, place


def branches(media, place):
    """Yield what an event of a stream can be, by event type."""
    key = "itemSchema" if "itemSchema" in media else "schema"
    for index, branch in enumerate(media[key]["oneOf"]):
        declared = branch["properties"]["event"]
        name = declared["const"] if "const" in declared else declared["enum"][0]
        yield name, branch, f"{place}/{key}/oneOf/{index}"


@each_version
def test_the_document_is_valid(version):
    """Each version is valid by the schema of its own OpenAPI version."""
    assert DOCUMENTS[version]["openapi"].startswith(version)
    assert [str(e) for e in SPEC_VALIDATORS[version](DOCUMENTS[version]).iter_errors()] == []


def test_fixtures_are_what_the_script_makes():
    """The older versions say what the 3.2 document says; run specs/downlevel.py if not."""
    made = runpy.run_path(str(ROOT / "specs" / "downlevel.py"))["fixtures"]()
    assert {path: path.read_text(encoding="utf-8") for path in made} == made


@each_version
def test_operations_are_the_same(version):
    """No version loses an operation, but for the webhooks that 3.0 does not know."""
    by_version = {
        v: {(method, path, o["operationId"]) for method, path, o, _ in operations(DOCUMENTS[v])}
        for v in (version, "3.2")
    }
    webhooks = {
        ("post", "petAdopted", "petAdopted"),
        ("post", "newPetAvailable", "newPetAvailable"),
    }
    assert by_version[version] == by_version["3.2"] - (webhooks if version == "3.0" else set())


@each_version
def test_every_answer_has_an_example(version):
    """A frontend can be built offline: whatever has a body has an example of it."""
    document = DOCUMENTS[version]
    without = [
        place
        for name, media, place in contents(document)
        if "/responses/" in place and not list(values(document, media))
    ]
    assert without == []


@each_version
def test_examples_fit_their_schema(version):
    """Every example of a body is valid by the schema beside it."""
    document = DOCUMENTS[version]
    wrong = {
        f"{place} {name}": problems
        for media_type, media, place in contents(document)
        if media_type not in {"text/event-stream", *ITEMS} and "schema" in media
        for name, value in values(document, media)
        if (problems := errors(version, f"{place}/schema", value))
    }
    assert wrong == {}


@each_version
def test_items_fit_their_schema(version):
    """Every item of an example in another framing is valid by the schema of an item."""
    judged = [
        errors(version, f"{place}/{'itemSchema' if 'itemSchema' in media else 'schema'}", item)
        for media_type, media, place in contents(DOCUMENTS[version])
        if media_type in ITEMS
        for _, items in values(DOCUMENTS[version], media)
        for item in items
    ]
    assert judged == [[]] * 4


@each_version
def test_events_fit_exactly_one_branch(version):
    """Every event of a stream's example is one of the events that the stream declares."""
    document = DOCUMENTS[version]
    seen = 0
    for media, place in streams(document):
        for _, events in values(document, media):
            for event in events:
                verdicts = [
                    event_errors(version, branch, ref, event)
                    for name, branch, ref in branches(media, place)
                    if name == event.get("event", "message")
                ]
                assert verdicts.count([]) == 1, (event, verdicts)
                seen += 1
    assert seen > 20


@each_version
def test_every_declared_event_is_shown(version):
    """The examples of a stream hold each of its event types at least once."""
    document = DOCUMENTS[version]
    for media, place in streams(document):
        shown = {
            event.get("event", "message")
            for _, events in values(document, media)
            for event in events
        }
        assert shown == {name for name, _, _ in branches(media, place)}, place


@each_version
def test_wrong_examples_would_be_found(version):
    """The judge of these tests finds a fault through a reference and inside an event's data."""
    assert errors(version, "#/components/schemas/Pet", {"name": "Luna", "status": "eaten"}) != []
    status = next(
        (media, place)
        for media, place in streams(DOCUMENTS[version])
        if "status~1stream" in place and "orders" in place
    )
    _, branch, ref = next(branches(*status))
    data = {"status": "eaten", "timestamp": "2026-01-01T00:00:00Z"}
    event = {"data": data if version == "3.0" else json.dumps(data)}
    assert event_errors(version, branch, ref, event) != []


@each_version
def test_streams_need_no_token(version):
    """An EventSource cannot send a token, so no GET stream asks for one; all else but doors does."""
    open_to_all = {
        operation["operationId"]
        for _, _, operation, _ in operations(DOCUMENTS[version])
        if operation.get("security") == []
    }
    listened = {
        operation["operationId"]
        for method, path, operation, _ in operations(DOCUMENTS[version])
        if method == "get" and path.endswith("/stream")
    }
    assert open_to_all == listened | {"createUser", "loginUser", "openConformance"}


STORIES = [p for p in (ROOT / "scenarios").rglob("*.yaml") if p.parent.name != "conformance"]


@pytest.mark.parametrize(
    "path",
    sorted(STORIES),
    ids=lambda path: f"{path.parent.name}/{path.stem}",
)
def test_every_scenario_says_what_a_good_client_does(path):
    """A scenario that ships describes itself in one or two sentences."""
    description = read_from_filename(str(path))[0]["description"]
    assert "good client" in description
    assert len(description) < 300
