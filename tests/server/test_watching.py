"""Edits of files take effect by themselves, however an editor makes them."""

import asyncio
import json
import shutil

import pytest
import watchfiles
from clients import STATUS, RawClient, Watched, fetch, write

from mockserver import MockServer, watching
from mockserver.errors import LoadError
from mockserver.workspace.shipped import petstore, workspace
from mockserver.workspace.workspace import Workspace

OPERATION = "operation: streamOrderStatus\n"
STORY = OPERATION + "stream: [{data: old}]\n"
NEW = OPERATION + "stream: [{data: new}]\n"
BROKEN = OPERATION + "stream: [{dta: x}]\n"


def watched_server(*folders, **settings):
    """Return a server of the Petstore that looks for edits."""
    settings = {"events": "off", "clock": "instant", "reload": True, **settings}
    return MockServer(scenarios=list(folders), **settings)


async def said(server, target=STATUS):
    return (await fetch(server, target)).content.decode()


# --- ways to edit --------------------------------------------------------------------------------


def in_place(file):
    file.write_text(NEW)


def by_another_file(file):
    other = file.with_name(".story.yaml.swp")
    other.write_text(NEW)
    other.replace(file)


def by_a_backup(file):
    backup = file.with_name("story.yaml~")
    file.rename(backup)
    file.write_text(NEW)
    backup.unlink()


def by_deleting(file):
    file.unlink()
    file.write_text(NEW)


def another_file(file):
    write(file.parent, other=NEW + "default: true\n")


def in_a_new_folder(file):
    write(file.parent, a__b__other=NEW + "default: true\n")


def a_folder_moved_in(file):
    elsewhere = file.parent.parent / "elsewhere"
    write(elsewhere, other=NEW + "default: true\n")
    elsewhere.rename(file.parent / "v1.2")


def the_folder_put_in_place_of_another(file):
    folder = file.parent
    elsewhere = folder.with_name("elsewhere")
    write(elsewhere, story=NEW)
    folder.rename(folder.with_name("before"))
    elsewhere.rename(folder)


WAYS = [
    in_place,
    by_another_file,
    by_a_backup,
    by_deleting,
    another_file,
    in_a_new_folder,
    a_folder_moved_in,
    the_folder_put_in_place_of_another,
]


@pytest.mark.parametrize("polling", [False, True], ids=["told", "polled"])
@pytest.mark.parametrize("edit", WAYS, ids=lambda way: way.__name__)
async def test_an_edit_takes_effect(tmp_path, monkeypatch, edit, polling):
    """For the next connection, without a fault on the way; also where the system cannot tell."""
    if polling:
        monkeypatch.setenv("WATCHFILES_FORCE_POLLING", "1")
        monkeypatch.setattr(watching, "POLL", 0.02)
        monkeypatch.setattr(watching, "SHARE", 1)
    folder = write(tmp_path / "scenarios", story=STORY)
    async with watched_server(folder) as server, Watched(server) as files:
        before = await said(server)
        edit(folder / "story.yaml")
        told = await files.until(2)
        after = await said(server)
    assert ("data: old" in before, "data: new" in after) == (True, True)
    assert {each["stale"] for each in told} == {False}


async def test_a_deleted_scenario_is_played_no_more(tmp_path):
    """The operation answers as if it had never been there."""
    folder = write(tmp_path / "scenarios", story=STORY, other=NEW + "default: true\n")
    async with watched_server(folder) as server, Watched(server) as files:
        before = await said(server)
        (folder / "other.yaml").unlink()
        await files.until(2)
        after = await said(server)
    assert ("data: new" in before, "data: old" in after) == (True, True)


async def test_a_folder_goes_and_comes_back(tmp_path):
    """Meanwhile what was loaded is played; what it has when it is back counts, again and again."""
    folder = write(tmp_path / "all" / "scenarios", story=STORY)
    async with watched_server(folder) as server, Watched(server) as files:
        for turn in range(2):
            shutil.rmtree(folder.parent)
            gone = await files.another()
            meanwhile = await said(server)
            write(folder, story=STORY.replace("old", f"turn {turn}"))
            while (await files.another())["stale"]:
                pass
            after = await said(server)
            assert (gone["stale"], gone["problems"]) == (True, 1)
            assert ("data: " in meanwhile, f"data: turn {turn}" in after) == (True, True)


async def test_a_broken_edit_keeps_what_was_loaded(tmp_path):
    """And is told, until it is mended."""
    folder = write(tmp_path / "scenarios", story=STORY)
    async with watched_server(folder) as server, Watched(server) as files:
        (folder / "story.yaml").write_text(BROKEN)
        broken = (await files.until(2))[-1]
        kept = await said(server)
        (problem,) = server.problems
        (folder / "story.yaml").write_text(NEW)
        mended = (await files.until(3))[-1]
        after = await said(server)
    assert broken == {"version": 1, "stale": True, "problems": 1}
    assert (problem.code, problem.where.line) == ("unknown-key", 2)
    assert mended == {"version": 2, "stale": False, "problems": 0}
    assert ("data: old" in kept, "data: new" in after) == (True, True)


class WrittenByHalves:
    """Files of which one is written to its end only after it has been read."""

    def __init__(self, files, file, rest):
        self._files, self._file, self._rest = files, file, list(rest)
        self.failed = 0

    def load(self):
        try:
            return self._files.load()
        except LoadError:
            self.failed += 1
            self._file.write_text(self._rest.pop(0))
            raise

    def outdated(self):
        return self._files.outdated()


async def test_a_file_written_by_halves_is_no_fault(tmp_path):
    """It is empty first, then broken, then whole: only that is told."""
    folder = write(tmp_path / "scenarios", story=STORY)
    file = folder / "story.yaml"
    async with watched_server(folder) as server, Watched(server) as files:
        halves = server._live.files = WrittenByHalves(server._live.files, file, [NEW[:35], NEW])
        file.write_text("")
        told = await files.until(2)
        after = await said(server)
    assert (halves.failed, told[1]) == (2, {"version": 2, "stale": False, "problems": 0})
    assert "data: new" in after


async def test_what_is_no_file_of_ours_changes_nothing(tmp_path):
    """Beside the document, hidden, or of another kind: the next edit is the first that is told."""
    shutil.copy(petstore().spec, tmp_path / "api.yaml")
    folder = write(tmp_path / "scenarios", story=STORY)
    async with (
        watched_server(folder, spec=tmp_path / "api.yaml") as server,
        Watched(server) as files,
    ):
        for name in ("other.yaml", "scenarios/.story.yaml", "scenarios/notes.txt"):
            (tmp_path / name).write_text("a: [")
        (folder / "story.yaml").touch()
        (folder / "story.yaml").write_text(NEW)
        told = await files.until(2)
        after = await said(server)
    assert told[1]["version"] == 2
    assert "data: new" in after


async def test_an_open_stream_goes_on_with_what_it_began(tmp_path):
    """To its end, while the next connection gets the new story."""
    steps = "stream: [{data: old}, {await: {signal: go}}, {data: still old}]\n"
    folder = write(tmp_path / "scenarios", story=OPERATION + steps)
    async with watched_server(folder) as server, Watched(server) as files:
        stream = await RawClient.connect(server)
        await stream.send(STATUS)
        await stream.until(b"data: old")
        (folder / "story.yaml").write_text(NEW)
        await files.until(2)
        new = await said(server)
        await fetch(server, "/_mock/sessions/default/signals/go", method="POST")
        await stream.until(b"data: still old")
        await stream.leave()
    assert "data: new" in new


TWO = OPERATION + "stream: [{id: 1, data: first}, {disconnect: drop}, {id: 2, data: second}]\n"
OTHER = "operation: streamNews\nstream: [{data: a}]\n"
EDITED = {
    "its own file": ("story", TWO + "description: another\n", "data: first"),
    "the file of another": ("other", OTHER + "description: another\n", "data: second"),
    "a new file": ("new", OTHER + "default: true\n", "data: second"),
    "one that it includes": ("part", "operation: streamNews\nstream: [{data: c}]\n", "data: first"),
}


@pytest.mark.parametrize(("name", "text", "expected"), EDITED.values(), ids=EDITED)
async def test_a_story_goes_on_where_nothing_of_it_was_edited(tmp_path, name, text, expected):
    """Its client comes back to where it was; else it begins the new story."""
    part = OTHER.replace("data: a", "data: b") + "when: {query: {never: '1'}}\n"
    story = TWO.replace("{id: 2", "{include: part}, {id: 2")
    text = text.replace("{id: 2", "{include: part}, {id: 2")
    folder = write(tmp_path / "scenarios", story=story, other=OTHER, part=part)
    async with watched_server(folder) as server, Watched(server) as files:
        before = await said(server)
        write(folder, **{name: text + ("when: {query: {never: '1'}}\n" if name == "part" else "")})
        told = await files.until(2)
        after = await said(server)
    assert ("data: first" in before, told[-1]["stale"]) == (True, False)
    assert expected in after


async def test_every_story_begins_anew_where_the_document_was_edited(tmp_path):
    """What it promises may be something else."""
    spec = tmp_path / "api.yaml"
    shutil.copy(petstore().spec, spec)
    folder = write(tmp_path / "scenarios", story=TWO)
    async with watched_server(folder, spec=spec) as server, Watched(server) as files:
        await said(server)
        spec.write_text(spec.read_text().replace("title: ", "title: New ", 1))
        await files.until(2)
        after = await said(server)
    assert "data: first" in after


# --- what is watched -----------------------------------------------------------------------------

API = """\
openapi: 3.1.0
info: {title: t, version: "1"}
paths:
  /a:
    get:
      operationId: getA
      responses: {"200": {$ref: "parts/answers.yaml#/a"}}
"""
ANSWER = """\
a:
  description: a
  content: {application/json: {example: old}}
"""


@pytest.mark.parametrize("polling", [False, True], ids=["told", "polled"])
async def test_every_part_of_a_document_is_watched(tmp_path, monkeypatch, polling):
    """Also one that goes, and comes back with its folder; and so is the document itself."""
    if polling:
        monkeypatch.setenv("WATCHFILES_FORCE_POLLING", "1")
        monkeypatch.setattr(watching, "POLL", 0.02)
        monkeypatch.setattr(watching, "SHARE", 1)
    spec, part = tmp_path / "api" / "openapi.yaml", tmp_path / "api" / "parts" / "answers.yaml"
    part.parent.mkdir(parents=True)
    spec.write_text(API)
    part.write_text(ANSWER)
    async with watched_server(spec=spec) as server, Watched(server) as files:
        answers = [await said(server, "/a")]
        part.write_text(ANSWER.replace("old", "part"))
        await files.until(2)
        answers.append(await said(server, "/a"))
        shutil.rmtree(part.parent)
        gone = (await files.until(3))[-1]["stale"]
        part.parent.mkdir()
        part.write_text(ANSWER.replace("old", "back"))
        await files.until(4)
        answers.append(await said(server, "/a"))
        aside = spec.with_name("aside.yaml")
        spec.rename(aside)
        aside_told = (await files.until(5))[-1]["stale"]
        aside.write_text(API.replace("/a:", "/b:"))
        aside.rename(spec)
        await files.until(6)
        answers.append(await said(server, "/b"))
    assert (gone, aside_told) == (True, True)
    assert list(map(json.loads, answers)) == ["old", "part", "back", "back"]


async def test_links_are_followed_wherever_they_lead(tmp_path):
    """The file that a link leads to, and the link itself, as in a volume of Kubernetes."""
    for version in ("one", "two"):
        write(tmp_path / "real" / version, story=STORY.replace("old", version))
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    (mounted / "data").symlink_to(tmp_path / "real" / "one")
    (mounted / "story.yaml").symlink_to("data/story.yaml")
    async with watched_server(mounted / "story.yaml") as server, Watched(server) as files:
        found = [await said(server)]
        (tmp_path / "real" / "one" / "story.yaml").write_text(NEW)
        await files.until(2)
        found.append(await said(server))
        (mounted / "other").symlink_to(tmp_path / "real" / "two")
        (mounted / "other").replace(mounted / "data")
        await files.until(3)
        found.append(await said(server))
    assert [text.split("data: ")[1][:3] for text in found] == ["one", "new", "two"]


async def test_settings_and_bodies_are_watched(tmp_path):
    """A settings file takes effect without a new start, too."""
    settings = tmp_path / "settings.yaml"
    settings.write_text("streams: {}\n")
    body = tmp_path / "scenarios" / "body.txt"
    write(body.parent, story=OPERATION + "response: {body: {file: body.txt}}\n")
    body.write_text("old")
    async with watched_server(body.parent, settings=settings) as server, Watched(server) as files:
        settings.write_text("streams: {noSuch: {format: sse}}\n")
        await files.until(2)
        body.write_text("new")
        settings.write_text("streams: {}\n")
        while (await files.another())["stale"]:
            pass
        after = await said(server)
    assert files.files[1]["problems"] > 0
    assert after == "new"


async def test_requests_are_held_against_the_document_as_it_is_now(tmp_path):
    """No verdict of before is remembered."""
    spec = tmp_path / "api.yaml"
    text = API.partition("      responses")[0] + (
        "      parameters: [{name: n, in: query, schema: {type: integer}}]\n"
        '      responses: {"200": {description: a, content: {application/json: {example: a}}}}\n'
    )
    spec.write_text(text)
    async with watched_server(spec=spec) as server, Watched(server) as files:
        before = (await fetch(server, "/a?n=x")).status
        spec.write_text(text.replace("integer", "string"))
        await files.until(2)
        after = (await fetch(server, "/a?n=x")).status
    assert (before, after) == (400, 200)


def test_what_ships_inside_the_package_is_not_watched(tmp_path, monkeypatch):
    """Nobody edits it there, unless somebody has named it."""
    spec, folders = petstore().spec, petstore().scenarios
    monkeypatch.setattr("mockserver.workspace.shipped.is_packaged", lambda _: True)
    assert workspace(None, None).watched() == ([], [])
    assert workspace(None, tmp_path).watched() == ([tmp_path], [tmp_path])
    assert workspace(spec, folders).watched() == ([spec, *folders], list(folders))


async def test_nothing_to_watch_is_nothing_to_do():
    """The watch is over at once."""
    files = Workspace(petstore().spec, (), None, frozenset([petstore().spec]))
    await watching.watch(files, lambda: pytest.fail("nothing has been edited"))


async def test_where_the_system_cannot_watch_it_is_looked_instead(tmp_path, monkeypatch, caplog):
    """As where there are too many folders for inotify; that is said once."""

    def no_space(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(watchfiles, "awatch", no_space)
    monkeypatch.setattr(watching, "POLL", 0.001)
    monkeypatch.setattr(watching, "SHARE", 1)
    folder = write(tmp_path / "scenarios", story=STORY)
    async with watched_server(folder) as server, Watched(server) as files:
        (folder / "story.yaml").write_text(NEW)
        await files.until(2)
        after = await said(server)
    assert "data: new" in after
    assert {record.getMessage().partition(":")[0] for record in caplog.records} == {
        "files cannot be watched, but are looked at all the same"
    }


async def test_an_edit_that_nobody_tells_of_is_seen(tmp_path, monkeypatch):
    """Somewhat later, as on a drive of another machine."""

    async def silent(*_, **__):
        await asyncio.Event().wait()
        yield

    monkeypatch.setattr(watchfiles, "awatch", silent)
    monkeypatch.setattr(watching, "IDLE", 0.001)
    monkeypatch.setattr(watching, "SHARE", 1)
    folder = write(tmp_path / "scenarios", story=STORY)
    async with watched_server(folder) as server, Watched(server) as files:
        (folder / "story.yaml").write_text(NEW)
        await files.until(2)


async def test_a_fault_of_ours_does_not_end_the_watch(tmp_path, caplog):
    """It is logged, and the next edit is read."""
    folder = write(tmp_path / "scenarios", story=STORY)
    async with watched_server(folder) as server, Watched(server) as files:
        good = server._live.files

        class Faulty:
            @staticmethod
            def load():
                server._live.files = good
                (folder / "story.yaml").write_text(NEW)
                raise ZeroDivisionError

        server._live.files = Faulty()
        (folder / "story.yaml").write_text(BROKEN)
        await files.until(2)
        after = await said(server)
    assert "data: new" in after
    assert "the files could not be read anew" in caplog.text


def test_a_server_in_a_thread_watches_as_well(tmp_path):
    """And stops watching when it stops."""
    folder = write(tmp_path / "scenarios", story=STORY)

    async def edited(server):
        async with Watched(server) as files:
            (folder / "story.yaml").write_text(NEW)
            await files.until(2)

    with watched_server(folder) as server:
        asyncio.run_coroutine_threadsafe(edited(server), server._home.loop).result(60)
        assert server.version == 2
    assert server._watching.done()
