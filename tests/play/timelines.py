"""The timelines of all scenarios that ship, as `explain` prints them."""

import json
import sys

from mockserver.play.explained import Asked, as_text, explain
from mockserver.workspace.shipped import petstore


def text_of(name, catalog):
    """Return the timeline of one scenario."""
    return "\n".join(as_text(explain(catalog, catalog.programs[name], Asked()))) + "\n"


def all_texts():
    """Return all timelines by the scenario's name."""
    catalog, _ = petstore().load()
    return {name: text_of(name, catalog) for name in catalog.programs}


if __name__ == "__main__":
    json.dump(all_texts(), sys.stdout)
