"""What has become of exchanges: files to be written, and what is to be said of them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Recording:
    """Scenario files, and a document where there was none, by their path under the output folder.

    Paths have `/` between folders and are safe on every file system; contents are bytes, of YAML in
    UTF-8 with LF, of bodies as they are. `documents` are the paths of OpenAPI documents among them,
    each for the scenarios of its folder. `notes` are sentences for who records: what could not be
    kept, and what was masked and where.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    documents: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
