"""Which scenarios can be verified, and why the others cannot."""

import pytest

from mockserver.verify.options import Options
from mockserver.verify.plan import Plan, plan_of

HEAD = "operation: streamOrderStatus\n"
EVENT = '{id: 1, data: {status: payment_processing, timestamp: "{{ now() }}"}}'

SKIPPED = {
    "on purpose": ("violates: it does\nstream: [{data: 1}]", "it breaks the contract on purpose"),
    "an event on purpose": ("stream: [{data: 1, violates: it does}]", "one of its events breaks the contract on purpose"),
    "raw bytes": ("stream: [{raw: 'x'}]", "it sends raw bytes, which no backend sends on request"),
    "a cut": (f"stream: [{EVENT[:-1]}, cut: 3}}, {{disconnect: reset}}, {EVENT}]", "it cuts an event, which no backend does on request"),
    "a stall": (f"stream: [{EVENT}, {{stall: 2s}}]", "its server stalls, which no backend does on request"),
    "chance": (f"stream: [{{chance: {{of: 5%, steps: [{EVENT}]}}}}]", "what comes is drawn by chance"),
    "a signal": ("stream: [{await: {signal: paid}}]", "it waits for a signal, which only a test of the mock server can send"),
    "a gap": (f"resume: {{skip: 1}}\nstream: [{EVENT}]", "its server does not resume as it should (resume: skip: 1)"),
    "a duplicate": (f"resume: replay\nstream: [{EVENT}]", "its server does not resume as it should (resume: replay)"),
    "a server error": ("response: {status: 503}", "its server fails (503), which no backend does on request"),
    "an answer in between": (f"connections: [{{response: {{status: 401}}}}, {{steps: [{EVENT}]}}]", "a connection of its story gets an answer in place of the stream"),
    "no answer": ("stream: [{disconnect: reset}]", "its server breaks a connection off before any answer"),
    "never an answer": (f"response: {{delay: forever}}\nstream: [{EVENT}]", "its server never answers"),
    "a break in the end": (f"stream: [{EVENT}, {{disconnect: drop}}]", "its last connection breaks off (drop), which no backend does on request"),
    "framing by hand": (f"wire: {{transfer: close}}\nstream: [{EVENT}]", "it frames its bytes by hand (wire: transfer)"),
    "a head by hand": ('response: {raw_head: "HTTP/1.0 200 OK\\r\\n\\r\\n"}\nstream: [{raw: x}]', "it sends raw bytes, which no backend sends on request"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "reason"), SKIPPED.values(), ids=SKIPPED)
def test_what_no_backend_does_on_request_is_skipped(plan, text, reason):
    """By rule, with the line that stands against it."""
    found = plan(HEAD + text, named=True)

    assert not isinstance(found, Plan)
    assert found.reason == reason
    assert found.where.line


POSSIBLE = {
    "a stream": f"stream: [{EVENT}]",
    "an endless one": f"stream: [{{repeat: {{times: forever, every: 1s, steps: [{EVENT}]}}}}]",
    "held open": f"stream: [{EVENT}, {{hold: forever}}]",
    "a drop with more of the story": f"stream: [{EVENT}, {{disconnect: drop}}, {EVENT}]",
    "a request that it waits for": f"stream: [{EVENT}, {{await: {{request: payOrder}}}}]",
    "an answer": "response: {status: 404}",
    "how bytes are laid": f"wire: {{bom: true, newline: crlf, split: 3, encoding: gzip}}\nstream: [{EVENT}]",
}  # fmt: skip


@pytest.mark.parametrize("text", POSSIBLE.values(), ids=POSSIBLE)
def test_what_a_backend_can_be_asked_for_is_planned(plan, text):
    """Streams and answers; how their bytes are laid on the wire is nobody's business."""
    assert isinstance(plan(HEAD + text), Plan)


def test_a_scenario_that_its_request_does_not_lead_to_is_verified_by_name_only(catalog, plan):
    """The request alone decides what a backend answers."""
    found = catalog(
        usual=f"{HEAD}default: true\nstream: [{EVENT}]",
        other=f"{HEAD}stream: [{EVENT}]",
        asked=f"{HEAD}when: {{query: {{client: x}}}}\nstream: [{EVENT}]",
    )

    def tried(name, *, named=False):
        return plan_of(found, found.programs[name], Options(), named=named)

    assert isinstance(tried("usual"), Plan)
    assert isinstance(tried("asked"), Plan)
    assert tried("other").reason == "its request leads to 'usual': it is verified only by its name"
    assert isinstance(tried("other", named=True), Plan)
