"""Turns recorded exchanges into scenarios. PURE."""

from mockserver.capture.exchange import Chunk, Exchange
from mockserver.capture.options import DEFAULT_MASKS, NO_MASKS, Masks, Options
from mockserver.capture.recording import Recording
from mockserver.capture.writing import written

__all__ = [
    "DEFAULT_MASKS",
    "NO_MASKS",
    "Chunk",
    "Exchange",
    "Masks",
    "Options",
    "Recording",
    "written",
]
