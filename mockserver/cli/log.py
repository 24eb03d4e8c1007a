"""How the server's log looks: a line for a person, or a JSON object for a machine."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any


def configure(form: str) -> None:
    """Send the server's log to standard error as `text` or `json`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Text())
    logger = logging.getLogger("mockserver")
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        told = " ".join(f"{name}={_word(value)}" for name, value in _fields(record).items())
        line = f"{record.levelname.lower()} {record.getMessage()}{' ' if told else ''}{told}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {"level": record.levelname.lower(), "message": record.getMessage()}
        entry |= _fields(record)
        if record.exc_info:
            entry["trace"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if hasattr(record, "session"):
        told["session"] = record.session
    if hasattr(record, "entry"):
        for name in record.entry.__dataclass_fields__:
            value = getattr(record.entry, name)
            if value not in (None, "", ()):
                told[name] = value
    return told


def _word(value: Any) -> str:
    text = str(round(value, 3)) if isinstance(value, float) else str(value)
    return json.dumps(text, ensure_ascii=False) if " " in text or not text else text
