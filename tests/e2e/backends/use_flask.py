"""A backend as people write it with Flask, on its own server: `python FILE right|wrong`.

Wrong is what comes of a generator without a media type: a page.
"""

import json
import sys
import threading

from flask import Flask, Response, request
from werkzeug.serving import make_server

WRONG = sys.argv[1] == "wrong"
EVENTS = [
    (1, None, {"status": "payment_processing", "timestamp": "2026-01-01T00:00:00Z"}),
    (2, None, {"status": "payment_confirmed", "timestamp": "2026-01-01T00:00:02Z"}),
    (3, "complete", {"status": "shipped", "trackingNumber": "1Z999AA10123456784"}),
]
REPORT = {"component": "payments", "state": "operational", "since": "2026-01-01T00:00:00Z"}

app = Flask(__name__)


def block(id_, name, value):
    """Return an event."""
    event = f"event: {name}\n" if name else ""
    return f"{event}id: {id_}\ndata: {json.dumps(value)}\n\n"


def stream(events):
    """Return the answer."""
    if WRONG:
        return Response(events)
    return Response(events, mimetype="text/event-stream", headers={"Cache-Control": "no-cache"})


@app.get("/v1/orders/<id_>/status/stream")
def order(id_):
    """The events behind the one that the client has."""
    after = int(request.headers.get("Last-Event-ID") or 0)
    return stream(block(*event) for event in EVENTS[after:])


@app.get("/v1/status/stream")
def status():
    """One event, then comments."""

    def events():
        yield block(1, None, REPORT)
        while True:
            threading.Event().wait(0.2)
            yield ":\n\n"

    return stream(events())


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, app, threaded=True)
    print(f"Listening on http://127.0.0.1:{server.server_port}", flush=True)  # noqa: T201
    server.serve_forever()
