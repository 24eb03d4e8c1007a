"""A value of the document together with the JSON pointer that leads to it.

Documents in the wild have null, text or lists where mappings belong: every reader here answers
"nothing" to that, so that no caller needs a check of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

JsonObject = dict[Any, Any]


class Place(NamedTuple):
    """A value of the document and the JSON pointer (RFC 6901) that leads to it."""

    value: Any
    pointer: str

    def get(self, key: object) -> Place:
        """Return the member `key`, whose value is None where there is none.

        YAML writes `200:` as a number, and so does a member of `responses`: both are found.
        """
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return Place(value, f"{self.pointer}/{escape(key)}")

    def members(self) -> Iterator[tuple[str, Place]]:
        """Walk a mapping in document order, keys as text; nothing for anything else."""
        if isinstance(self.value, dict):
            for key, value in self.value.items():
                yield str(key), Place(value, f"{self.pointer}/{escape(key)}")

    def items(self) -> Iterator[Place]:
        """Walk a list; nothing for anything else."""
        if isinstance(self.value, list):
            for index, value in enumerate(self.value):
                yield Place(value, f"{self.pointer}/{index}")

    @property
    def object(self) -> JsonObject:
        """The value where it is a mapping, else an empty one."""
        return self.value if isinstance(self.value, dict) else {}

    def text(self, key: str) -> str | None:
        """Return the member `key` where it is text that is not empty."""
        value = self.object.get(key)
        return value if isinstance(value, str) and value else None


def reference(value: object) -> str | None:
    """Return the text of `$ref` where the value is a reference."""
    ref = value.get("$ref") if isinstance(value, dict) else None
    return ref if isinstance(ref, str) else None


def escape(key: object) -> str:
    """Write a key as a token of a JSON pointer (RFC 6901 § 3)."""
    token = str(key)
    if "~" in token or "/" in token:
        return token.replace("~", "~0").replace("/", "~1")
    return token


def unescape(token: str) -> str:
    """Read a token of a JSON pointer (RFC 6901 § 4)."""
    return token.replace("~1", "/").replace("~0", "~") if "~" in token else token
