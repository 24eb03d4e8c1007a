"""What the tests of commands share: scenarios, and a command as a user types it."""

from mockserver.cli import main

STORY = """\
operation: streamOrderStatus
description: Drops once.
stream:
- {id: 1, data: {status: payment_processing, timestamp: "{{ now() }}"}}
- delay: 1500ms
- {id: 2, data: {status: payment_confirmed, timestamp: "{{ now() }}"}}
- disconnect: drop
- {event: complete, id: 3, data: {status: shipped, trackingNumber: "1Z"}}
"""

HEARD = """\
operation: streamOrderStatus
stream:
- {id: 1, data: "two\\nlines"}
- {id: 2, data: lost, cut: 8}
- disconnect: drop
- {event: complete, id: 3, data: x}
"""

FEED = """\
openapi: 3.2.0
info: {title: T, version: "1"}
paths:
  /feed:
    get:
      operationId: feed
      responses:
        "200":
          description: events
          content:
"""
"""The beginning of a document, up to what kind of stream its first operation has."""


def run(capsys, *argv):
    """Run a command in this process; returns exit code, output and errors."""
    code = main(argv)
    captured = capsys.readouterr()
    return code, captured.out, captured.err
