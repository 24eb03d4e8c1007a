"""Which responses and events of a document scenarios reach, told without a request."""

import pytest
from shop import shop

from mockserver.play.coverage import event_names
from mockserver.play.reach import Reach


def reached(catalog):
    """Return the statuses and events of each operation that a scenario reaches."""
    reach = Reach(catalog)
    for _ in reach.find():
        pass
    return {
        one.operation.id: (
            [name for name, found in one.responses.items() if found],
            [
                name
                for name, (_, found) in zip(
                    event_names([branch for branch, _ in one.events]), one.events, strict=True
                )
                if found
            ],
        )
        for one in reach.operations
        if one.scenarios
    }


STORIES = {
    "events of a stream": (
        "operation: orders\nstream: [{event: update, data: {}}]",
        {"orders": (["200"], ["update"])},
    ),
    "and 204 once a client with an id has been told all": (
        "operation: orders\nstream: [{event: update, id: 1, data: {}}]",
        {"orders": (["200", "204"], ["update"])},
    ),
    "not where the story has no end": (
        "operation: orders\nstream: [{event: update, id: 1, data: {}}, {hold: forever}]",
        {"orders": (["200"], ["update"])},
    ),
    "not where it begins again": (
        "operation: orders\nstream: [{event: update, id: 1, data: {}}]\nafterwards: restart",
        {"orders": (["200"], ["update"])},
    ),
    "a loop without end": (
        "operation: orders\nstream: [{repeat: {times: forever, every: 1s, steps: "
        "[{event: update, id: '{{ n }}', data: {}}]}}]",
        {"orders": (["200"], ["update"])},
    ),
    "in loops, lists, and both ways of a chance": (
        "operation: orders\nstream:\n"
        "- each: {in: [1], as: x, steps: [{event: update, data: {a: '{{ x }}'}}]}\n"
        "- chance: {of: 1%, steps: [{data: {}}], otherwise: [{event: done, data: {}}]}",
        {"orders": (["200"], ["update", "done"])},
    ),
    "a type that is made by a template": (
        "operation: orders\nstream: [{event: \"{{ 'do' ~ 'ne' }}\", data: {}}]",
        {"orders": (["200"], ["done"])},
    ),
    "a template that lives by the request": (
        "operation: orders\nwhen: {query: {kind: done}}\n"
        'stream: [{event: "{{ request.query.kind }}", data: {}}]',
        {"orders": (["200"], ["done"])},
    ),
    "a template without a value is left out": (
        'operation: orders\nstream: [{event: "{{ [][0] }}", data: {}}, {event: done, data: {}}]',
        {"orders": (["200"], ["done"])},
    ),
    "a heartbeat that is an event": (
        "operation: orders\nheartbeat: {every: 1s, event: update, data: {}}\nstream: [{hold: 5s}]",
        {"orders": (["200"], ["update"])},
    ),
    "types of the data, and the sentinel": (
        "operation: chat\nstream: [{data: {type: delta}}, {data: '[DONE]'}]",
        {"chat": (["200"], ["delta", "[DONE]"])},
    ),
    "of a union without names what fits best": (
        "operation: values\nstream: [{data: {v: text}}]",
        {"values": (["200"], ["Text"])},
    ),
    "bytes written by hand, over several steps": (
        'operation: orders\nstream:\n- raw: "event: upd"\n- raw: "ate\\ndata: {}\\n\\n"',
        {"orders": (["200"], ["update"])},
    ),
    "an event that is cut is none": (
        "operation: orders\nstream: [{event: update, data: {}, cut: 10}]",
        {"orders": (["200"], [])},
    ),
    "one that comes whole after all": (
        'operation: orders\nstream: [{event: update, data: {}, cut: -1}, {raw: "\\n"}]',
        {"orders": (["200"], ["update"])},
    ),
    "an event without data is dispatched by nobody": (
        "operation: orders\nstream: [{event: update, id: 1}]",
        {"orders": (["200", "204"], [])},
    ),
    "one that breaks the contract on purpose counts for none": (
        "operation: orders\nstream: [{event: update, data: [], violates: a list}]",
        {"orders": (["200"], [])},
    ),
    "an event that is not declared": (
        "operation: orders\nstream: [{event: other, data: {}}]",
        {"orders": (["200"], [])},
    ),
    "answers, exact before ranges before the default": (
        "operation: chat\nconnections:\n- response: {status: 404}\n- response: {status: 503}\n"
        "- response: {status: 429}\n  times: 2\n- steps: [{data: {type: start}}]",
        {"chat": (["200", "4XX", "default"], ["start"])},
    ),
    "a status made by a template": (
        "operation: things\nresponse: {status: '{{ 400 + 4 }}'}",
        {"things": (["404"], [])},
    ),
    "a status that nobody declares": (
        "operation: things\nresponse: {status: 418}",
        {"things": ([], [])},
    ),
    "the usual status of an answer": (
        "operation: addThing\nresponse: {body: {}}",
        {"addThing": (["201"], [])},
    ),
    "an answer for what comes afterwards": (
        "operation: orders\nstream: [{event: done, data: {}}]\nafterwards: {status: 204}",
        {"orders": (["200", "204"], ["done"])},
    ),
    "an id that is not known": (
        "operation: chat\nstream: [{data: {type: start}}, {hold: forever}]\nresume: {unknown: 400}",
        {"chat": (["200", "4XX"], ["start"])},
    ),
    "a connection that breaks, and a head that never comes": (
        "operation: things\nconnections:\n- disconnect: reset\n- response: {status: 404, delay: forever}",
        {"things": ([], [])},
    ),
    "events under another status are none": (
        "operation: chat\nresponse: {status: 500}\nstream: [{data: {type: start}}]",
        {"chat": (["default"], [])},
    ),
    "under a head written by hand they are": (
        'operation: orders\nresponse: {raw_head: "HTTP/1.0 200 OK\\r\\n\\r\\n"}\n'
        "stream: [{event: done, data: {}}]",
        {"orders": (["200"], ["done"])},
    ),
    "a story of two operations reaches both": (
        "operation: [orders, addThing]\nstream: [{event: done, data: {}}]",
        {"orders": (["200"], ["done"]), "addThing": ([], [])},
    ),
}


@pytest.mark.parametrize(("text", "expected"), STORIES.values(), ids=STORIES)
def test_a_scenario_reaches(text, expected):
    """Statuses by its heads, events by its steps; templates as a usual request sees them."""
    assert reached(shop(text)) == expected


def test_scenarios_are_named_with_what_they_reach():
    """Each once, in the order of their names, whoever looks first."""
    catalog = shop(
        "scenario: b\noperation: orders\ndefault: true\n"
        "stream: [{event: done, data: {}}, {event: done, data: {}}]",
        "scenario: a\noperation: orders\nstream: [{event: done, data: {}}]",
    )
    reach = Reach(catalog)
    first, second = reach.find(), reach.find()
    next(first)
    for _ in second:
        pass
    for _ in first:
        pass

    orders = reach.operations[0]
    assert [one.operation.id for one in reach.operations] == list(catalog.contract.operations)
    assert orders.scenarios == ["a", "b"]
    assert orders.responses == {"200": ["a", "b"], "204": []}
    assert [names for _, names in orders.events] == [[], ["a", "b"]]
