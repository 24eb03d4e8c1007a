"""From an edit of a scenario file to the first request that gets what it says now."""

import http.client
import shutil
import time
from pathlib import Path

from processes import MOCKSERVER, ROOT, Running

TARGET = "/v1/orders/7/status/stream"
STORY = """\
scenario: edited
operation: streamOrderStatus
stream: [{data: "turn TURN"}]
"""


def seconds(folder: Path, edits: int) -> list[float]:
    """Edit one of the Petstore's scenarios so often; return how long each edit took to be seen."""
    scenarios = folder / "scenarios"
    shutil.copytree(ROOT / "scenarios", scenarios)
    file = scenarios / "edited.yaml"
    file.write_text(STORY)
    serve = [*MOCKSERVER, "serve", "--port", "0", "--reload", "--events", "off"]
    found = []
    with Running([*serve, "--scenarios", str(scenarios)]) as server:
        _until_said(server.port, b"turn TURN")
        time.sleep(1)  # noqa: TID251  (it watches when it has been up for a moment)
        for turn in range(edits):
            other = file.with_name(".edited")
            other.write_text(STORY.replace("TURN", str(turn)))
            began = time.perf_counter()
            other.replace(file)
            _until_said(server.port, f"turn {turn}\n".encode())
            found.append(time.perf_counter() - began)
            time.sleep(0.1)  # noqa: TID251  (edits are one by one)
    return found


def _until_said(port: int, wanted: bytes) -> None:
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", TARGET, headers={"Prefer": "scenario=edited"})
        said = connection.getresponse().read()
        connection.close()
        if wanted in said:
            return
        time.sleep(0.002)  # noqa: TID251  (real time is what is measured)
