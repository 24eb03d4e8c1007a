"""The timelines of all scenarios that ship, as `explain` prints them."""

import json
import sys

from mockserver.play.explained import Asked, as_text, explain
from mockserver.workspace.shipped import petstore


def catalog():
    """Return what ships, and the problems of it."""
    return petstore().load()


def text_of(name, shipped):
    """Return the timeline of one scenario."""
    return "\n".join(as_text(explain(shipped, shipped.programs[name], Asked()))) + "\n"


def all_texts():
    """Return all timelines by the scenario's name."""
    shipped, _ = catalog()
    return {name: text_of(name, shipped) for name in shipped.programs}


if __name__ == "__main__":
    json.dump(all_texts(), sys.stdout)
