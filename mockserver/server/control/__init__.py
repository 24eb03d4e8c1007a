"""The control API under /_mock/: what a test asks of the server, and tells it.

`specs/control.openapi.yaml` describes it; `frame` finds the operation there, holds the request to
it, and hands it to the function that the operation's id names. One file a group of operations.
"""

from mockserver.server.control.frame import PREFIX, Control
from mockserver.server.control.guard import Guard

__all__ = ["PREFIX", "Control", "Guard"]
