"""The Petstore in OpenAPI 3.1 and 3.0, made from the 3.2 document: test fixtures, not for reading.

python specs/downlevel.py       writes tests/fixtures/specs/petstore-3.1.yaml and -3.0.yaml
"""
# ruff: noqa: INP001 (a script beside its data, not a package)

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from openapi_spec_validator.readers import read_from_filename

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "specs" / "petstore.openapi.yaml"
FIXTURES = ROOT / "tests" / "fixtures" / "specs"


def to_31(node: Any) -> Any:
    """Without what 3.2 added: the item's schema stands where the stream's would."""
    if isinstance(node, list):
        return [to_31(item) for item in node]
    if not isinstance(node, dict):
        return node
    renamed = {"itemSchema": "schema", "dataValue": "value"}
    return {renamed.get(key, key): to_31(value) for key, value in node.items()}


def to_30(node: Any) -> Any:
    """Without what 3.1 added, from a 3.1 document."""
    if isinstance(node, list):
        return [to_30(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "contentSchema" in node:  # text that holds JSON: 3.0 can only describe the JSON
        return to_30(node["contentSchema"])
    older = {key: to_30(value) for key, value in node.items()}
    if "text/event-stream" in older:
        for example in older["text/event-stream"]["examples"].values():
            example["value"] = [with_json(event) for event in example["value"]]
    return schema_to_30(older)


def schema_to_30(schema: dict[str, Any]) -> dict[str, Any]:
    """Without the keywords of JSON Schema 2020-12; a mapping that is no schema has none of them."""
    if "$ref" in schema and len(schema) > 1:  # in 3.0 what stands beside $ref does not count
        schema["allOf"] = [{"$ref": schema.pop("$ref")}]
    if isinstance(schema.get("type"), list):  # [string, "null"]
        schema |= {"type": schema["type"][0], "nullable": True}
    if "const" in schema:
        schema |= {"type": "string", "enum": [schema.pop("const")]}
    if isinstance(schema.get("examples"), list):  # the examples of a media type are a mapping
        schema["example"] = schema.pop("examples")[0]
    if schema.pop("contentMediaType", None) == "application/octet-stream":
        schema["format"] = "binary"
    if schema.pop("contentEncoding", None) == "base64":
        schema["format"] = "byte"
    return schema


def with_json(event: dict[str, Any]) -> dict[str, Any]:
    """Parse what `data` holds, where it holds JSON: 3.0 describes that and not the text."""
    if event["data"].startswith(("{", "[{")):
        return event | {"data": json.loads(event["data"])}
    return event


def downlevel(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Give the document in each older version."""
    v31 = to_31(document) | {"openapi": "3.1.1"}
    v30 = to_30(v31) | {"openapi": "3.0.4"}
    del v30["webhooks"], v30["info"]["summary"], v30["info"]["license"]["identifier"]
    return {"3.1": v31, "3.0": v30}


def fixtures() -> dict[Path, str]:
    """Each fixture's path and the text it has to have."""
    document, _ = read_from_filename(str(SOURCE))
    return {
        FIXTURES / f"petstore-{version}.yaml": yaml.safe_dump(
            older, sort_keys=False, allow_unicode=True, width=100
        )
        for version, older in downlevel(document).items()
    }


if __name__ == "__main__":
    for path, text in fixtures().items():
        path.write_text(text, encoding="utf-8")
