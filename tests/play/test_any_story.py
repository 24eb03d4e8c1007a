"""Whatever the story and wherever its client leaves: every event comes once, in order."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st
from stage import Stage

DELAYS = st.sampled_from(["", "delay: 1s, ", "delay: 100ms..2s, "])


@st.composite
def stories(draw):  # noqa: C901  (a kind of step a case)
    """Draw a story in which every event has an id of its own; return it with the ids in order."""
    number = itertools.count(1)
    ids, lines = [], []

    def event(name):
        lines.append(f'- {{{draw(DELAYS)}id: "{name}", data: "{name}"}}')

    passed = False
    for _ in range(draw(st.integers(1, 7))):
        kind = draw(st.sampled_from(["event", "event", "loop", "each", "drop", "hold", "comment",
                                     "chance", "cut", "await", "vain"]))  # fmt: skip
        name = f"e{next(number)}"
        match kind:
            case "event":
                event(name)
                ids.append(name)
            case "loop":
                times = draw(st.integers(1, 4))
                every = draw(st.sampled_from(["", "every: 1s, "]))
                lines.append(f"- repeat: {{times: {times}, {every}steps: [" + _steps(name) + "]}")
                ids += [f"{name}-{n}-{part}" for n in range(1, times + 1) for part in "xy"]
            case "each":
                lines.append(f"- each: {{in: [p, q], steps: [{_steps(name)}]}}")
                ids += [f"{name}-{n}-{part}" for n in (1, 2) for part in "xy"]
            case "drop" if passed:
                wait = draw(st.sampled_from(["", "delay: 2s, "]))
                lines.append(f"- {{{wait}disconnect: drop}}")
                passed = False
                continue
            case "hold":
                lines.append("- hold: 2s")
            case "comment":
                lines.append("- comment: nothing")
            case "chance":
                lines.append(f'- chance: {{of: 50%, steps: [{{id: "{name}", data: "{name}"}}], '
                             f'otherwise: [{{delay: 1s, id: "{name}", data: "{name}"}}]}}')  # fmt: skip
                ids.append(name)
            case "await":
                lines.append("- await: {signal: go}")
            case "vain":
                lines.append("- {await: {signal: go}, timeout: 1s, otherwise: [{comment: late}]}")
            case "cut" if passed:
                lines.append("- chance: {of: 50%, steps: [{disconnect: reset}]}")
        passed = passed or kind not in ("hold", "comment", "drop", "cut", "await", "vain")
    event("last")
    ids.append("last")
    return "stream:\n" + "\n".join(lines) + "\n", ids


def _steps(name):
    return ", ".join(
        f'{{id: "{name}-{{{{ n }}}}-{part}", data: "{name}-{{{{ n }}}}-{part}"}}' for part in "xy"
    )


@settings(deadline=None)
@given(stories(), st.data())
def test_every_event_once(story, data):
    """A client that leaves, loses what was on its way, or meets a new server misses nothing."""
    text, ids = story
    stage = Stage(text)
    got = []
    for _ in range(60):
        visit = stage.connect(got[-1] if got else None)
        visit.comes = lambda _: data.draw(st.booleans())
        if visit.status == 204:
            break
        # It always gets something, so that it gets on; how much is the network's whim.
        visit.receive(data.draw(st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.5, 1e6])))
        came = visit.ids
        if visit.ended is None:
            visit.leave()
        # A told story answers 204, even to a client that has lost the end of it.
        told = visit.turn.subscription.state == "over"
        if came and not told:
            kept = data.draw(st.integers(0 if got else 1, len(came)))
            came = came[:kept]
        got += came
        if got and data.draw(st.booleans()):
            stage.start_again()
    else:
        visit = stage.connect(got[-1] if got else None).receive()
        while visit.status != 204:
            got += visit.ids
            visit = stage.connect(got[-1]).receive()
    assert ids == got
