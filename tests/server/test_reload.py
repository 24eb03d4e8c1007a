"""Files that change while they are served: what was found, who is told, one look at a time."""

import asyncio
import json
import threading

import pytest
from clients import Watched, fetch, serving

from mockserver import MockServer
from mockserver.clock import turn_of_others
from mockserver.errors import LoadError

STATUS = "/v1/orders/7/status/stream"
OPERATION = "operation: streamOrderStatus\n"
STORY = OPERATION + "stream: [{data: old}]\n"
BROKEN = OPERATION + "stream: [{dta: x}]\n"


async def ask(server, path, body=None):
    """Return what the control API answers."""
    raw, method = (b"", "GET") if body is None else (json.dumps(body).encode(), "POST")
    return json.loads((await fetch(server, f"/_mock{path}", method=method, body=raw)).content)


async def test_problems_are_those_of_the_last_look(tmp_path):
    """With file, line, column, mend; the version counts what could be loaded."""
    async with serving(tmp_path, STORY) as server:
        first = await ask(server, "/problems")
        file = tmp_path / "story.yaml"
        file.write_text(BROKEN)
        await ask(server, "/reload", {})
        broken = await ask(server, "/problems")
        file.write_text(STORY)
        await ask(server, "/reload", {})
        mended = await ask(server, "/problems")
    (problem,) = broken.pop("problems")
    assert first == {"version": 1, "stale": False, "problems": []}
    assert broken == {"version": 1, "stale": True}
    assert mended == {"version": 2, "stale": False, "problems": []}
    assert problem == {
        "where": f"{file}:2:11",
        "file": str(file),
        "line": 2,
        "column": 11,
        "pointer": "",
        "source": "stream: [{dta: x}]",
        "width": 3,
        "what": "unknown key 'dta' in a step",
        "code": "unknown-key",
        "mend": "did you mean 'data'?",
        "severity": "error",
    }


async def test_coverage_is_of_the_files_there_are(tmp_path):
    """What scenarios reach is what those of the last look do."""
    async with serving(tmp_path, STORY) as server:
        (tmp_path / "order.yaml").write_text("operation: getOrder\nresponse: {status: 404}\n")
        before = await ask(server, "/coverage")
        await ask(server, "/reload", {})
        found = await ask(server, "/coverage")
    reached = [
        [one["scenarios"] for part in each["operations"] if part["operation"] == "getOrder"
         for one in part["responses"] if one["status"] == "404"]
        for each in (before, found)
    ]  # fmt: skip
    assert reached == [[[]], [["order"]]]


async def test_what_clients_were_sent_counts_whatever_was_read_anew_since(tmp_path):
    """Before the look and behind it."""

    async def exercised():
        return (await ask(server, "/coverage"))["summary"]["events"]["exercised"]

    complete = OPERATION + "stream: [{event: complete, data: new}]\n"
    async with serving(tmp_path, STORY) as server:
        await fetch(server, STATUS)
        found = [await exercised()]
        (tmp_path / "story.yaml").write_text(complete)
        await ask(server, "/reload", {})
        found.append(await exercised())
        await fetch(server, STATUS)
        found.append(await exercised())
    assert found == [1, 1, 2]


async def test_what_was_left_out_at_the_start_is_a_problem(tmp_path):
    """`keep_going` serves the rest: nothing is stale."""
    (tmp_path / "broken.yaml").write_text(BROKEN)
    async with serving(tmp_path, STORY, keep_going=True) as server:
        found = await ask(server, "/problems")
    assert (found["version"], found["stale"]) == (1, False)
    assert [problem["code"] for problem in found["problems"]] == ["unknown-key"]


async def test_a_folder_that_is_gone_is_a_problem(tmp_path):
    """It has no line, and what was loaded goes on."""
    folder = tmp_path / "scenarios"
    async with serving(folder, STORY) as server:
        folder.rename(tmp_path / "elsewhere")
        await ask(server, "/reload", {})
        found = await ask(server, "/problems")
        served = await fetch(server, STATUS)
    (problem,) = found["problems"]
    assert (found["stale"], problem["code"], problem["line"]) == (True, "no-folder", 0)
    assert b"data: old" in served.body


async def test_the_live_journal_tells_of_every_look(tmp_path):
    """First of all how it stands; without an id, so that taking the stream up again is as it was."""
    async with serving(tmp_path, STORY) as server, Watched(server) as stream:
        await stream.until(1)
        (tmp_path / "story.yaml").write_text(BROKEN)
        await ask(server, "/reload", {})
        await stream.until(2)
        (tmp_path / "story.yaml").write_text(STORY)
        await ask(server, "/reload", {})
        found = await stream.until(3)
    assert stream.ids == {""}
    assert found == [
        {"version": 1, "stale": False, "problems": 0},
        {"version": 1, "stale": True, "problems": 1},
        {"version": 2, "stale": False, "problems": 0},
    ]


class Gate:
    """Files whose loads wait until they are let go, and are counted."""

    def __init__(self, files):
        self._files = files
        self.open = threading.Event()
        self.running = self.most = self.loads = 0

    def load(self):
        self.running += 1
        self.loads += 1
        self.most = max(self.most, self.running)
        self.open.wait(60)
        self.running -= 1
        return self._files.load()


async def begun(gate, loads):
    while gate.loads < loads:
        await turn_of_others()


async def test_looks_come_one_after_another(tmp_path):
    """Who asks while one goes on gets the next, together with all others who wait for it."""
    async with serving(tmp_path, STORY) as server:
        gate = server._live.files = Gate(server._live.files)
        first = asyncio.create_task(server._live.reload())
        await begun(gate, 1)
        others = [asyncio.create_task(server._live.reload()) for _ in range(5)]
        await turn_of_others()
        gate.open.set()
        await asyncio.gather(first, *others)
        assert (gate.loads, gate.most, server._live.version) == (2, 1, 3)


async def test_who_leaves_does_not_take_the_look_along(tmp_path):
    """The next one still waits for it, and the last edit wins."""
    async with serving(tmp_path, STORY) as server:
        gate = server._live.files = Gate(server._live.files)
        leaves = asyncio.create_task(server._live.reload())
        await begun(gate, 1)
        leaves.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaves
        (tmp_path / "story.yaml").write_text(STORY.replace("old", "new"))
        stays = asyncio.create_task(server._live.reload())
        await turn_of_others()
        assert gate.loads == 1
        gate.open.set()
        await stays
        assert gate.most == 1
        assert b"data: new" in (await fetch(server, STATUS)).body


async def test_all_who_wait_are_told_what_is_wrong(tmp_path):
    """Each by an error of its own."""
    async with serving(tmp_path, STORY) as server:
        (tmp_path / "story.yaml").write_text(BROKEN)
        looks = [server._live.reload() for _ in range(3)]
        found = await asyncio.gather(*looks, return_exceptions=True)
    assert [type(error) for error in found] == [LoadError] * 3


def test_a_server_that_stops_waits_for_no_look(tmp_path):
    """Nor does the look fall over what is there no more."""
    (tmp_path / "story.yaml").write_text(STORY)
    with MockServer(scenarios=tmp_path) as server:
        gate = server._live.files = Gate(server._live.files)
        look = asyncio.run_coroutine_threadsafe(server._live.reload(), server._home.loop)
        asyncio.run_coroutine_threadsafe(begun(gate, 1), server._home.loop).result(60)
    gate.open.set()
    assert look.cancelled()
