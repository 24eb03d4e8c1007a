"""The timelines of all scenarios that ship, as `explain` prints them."""

import json
import sys

from mockserver.cli.explain import as_text
from mockserver.play.timeline import timeline, usual_request
from mockserver.workspace import petstore


def catalog():
    """Return what ships, and the problems of it."""
    return petstore().load()


def text_of(name, shipped):
    """Return the timeline of one scenario."""
    program = shipped.programs[name]
    operation = shipped.contract.find(program.scenario.operations[0][0])
    opening = usual_request(program, operation)
    lanes = timeline(program, operation, opening, example=shipped.example)
    return "\n".join(as_text(program, operation, opening, lanes)) + "\n"


def all_texts():
    """Return all timelines by the scenario's name."""
    shipped, _ = catalog()
    return {name: text_of(name, shipped) for name in shipped.programs}


if __name__ == "__main__":
    json.dump(all_texts(), sys.stdout)
