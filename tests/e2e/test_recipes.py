"""Every recipe of docs/recipes does what it says, as it stands there.

Where a page says "Take `this` out of `that file`", it is taken out, and what the page shows after that is
what the recipe prints then: a client that does wrong is found out.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = ROOT / "docs" / "recipes"
BIN = Path(sys.executable).parent
DEADLINE = 120.0

PACKAGES = {"node": "tests/e2e", "react": "docs/recipes/react", "github-actions": "tests/e2e"}
"""Pages that need packages from npm, and the folder whose package-lock.json has them."""
PROGRAMS = {
    "node": ["node"],
    "browser": ["chromium", "chromedriver"],
    "react": ["node", "chromium"],
    "curl": ["curl"],
    "github-actions": ["node", "curl"],
}
RUN = ["pytest", "node", "browser", "react", "openai", "curl"]

FILE = r"(?<=\n\n)`(?P<name>[\w./-]+)`(?:(?!\n\n).)*\n\n```(?!console)\w+\n(?P<text>.*?)^```$"
EDIT = r"Take `(?P<words>[^`]+)`\s+out\s+of\s+`(?P<edited>[^`]+)`"
CONSOLE = r"^```console\n(?P<console>.*?)^```$"
PARTS = re.compile(f"{FILE}|{EDIT}|{CONSOLE}", re.MULTILINE | re.DOTALL)


def text_of(page):
    """Return the text of a page by its name."""
    return (PAGES / f"{page}.md").read_text(encoding="utf-8")


def files_of(page):
    """Return the files that a page shows, by name."""
    return {part["name"]: part["text"] for part in PARTS.finditer(text_of(page)) if part["name"]}


@pytest.fixture
def folder(page, tmp_path, lacks):
    """Give an empty folder with the packages of the page's npm project, where it has one."""
    for program in PROGRAMS.get(page, []):
        if not which(program):
            lacks(f"{program} is not installed")
    if page in PACKAGES:
        project = ROOT / PACKAGES[page]
        wanted = json.loads((project / "package.json").read_text(encoding="utf-8"))["dependencies"]
        if not all((project / "node_modules" / name).is_dir() for name in wanted):
            lacks(f"packages are not installed: npm ci --ignore-scripts --prefix {PACKAGES[page]}")
        (tmp_path / "node_modules").symlink_to(project / "node_modules")
    return tmp_path


def which(program):
    """Return where a program is; Chromium has two names."""
    return shutil.which(program) or (program == "chromium" and shutil.which("chromium-browser"))


def environment(**more):
    """Return what a user's shell has: the commands of this environment, nothing of this test run."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return {
        **kept,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "CHROMIUM": which("chromium") or "",
        # pytest-asyncio, which users need not have, warns of a setting that is missing.
        "PYTEST_ADDOPTS": "-o asyncio_default_fixture_loop_scope=function -p no:cacheprovider",
        **more,
    }


def shell(command, folder, env):
    """Run a command in a folder; return its exit code, and all that was written, as a terminal shows it."""
    process = subprocess.Popen(
        ["sh", "-c", command],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )
    try:
        written, _ = process.communicate(timeout=DEADLINE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        written, _ = process.communicate()
        pytest.fail(f"{command} did not end:\n{written}")
    return process.returncode, written


def shows(expected, written):
    """Whether something was written as the page shows it; `...` stands for anything."""
    pattern = ".*".join(re.escape(part) for part in expected.split("..."))
    return re.fullmatch(pattern, written, re.DOTALL) is not None


def write(folder, name, text):
    """Write a file of a page."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def take_out(path, words):
    """Take words out of a file in which they stand once."""
    text = path.read_text(encoding="utf-8")
    assert text.count(words) == 1
    path.write_text(text.replace(words, ""), encoding="utf-8")


@pytest.mark.parametrize("page", RUN)
def test_a_recipe_prints_what_it_shows(page, folder):
    """Files are written, edits made and commands run in the order of the page."""
    ran = 0
    for part in PARTS.finditer(text_of(page)):
        if part["name"]:
            write(folder, part["name"], part["text"])
        elif part["edited"]:
            take_out(folder / part["edited"], part["words"])
        else:
            command, expected = re.fullmatch(r"\$ (.*?)\n(.*)", part["console"], re.DOTALL).groups()
            _, written = shell(command, folder, environment())
            assert shows(expected, written), written
            ran += 1
    assert ran


def test_every_page_is_listed_and_tested():
    """No page and no block of one escapes the tests of this file."""
    pages = {path.stem for path in PAGES.glob("*.md")} - {"README"}
    index = text_of("README")

    assert pages == {*RUN, "github-actions"}
    assert [name for name in re.findall(r"\]\(([\w-]+)\.md\)", index) if name not in pages] == []
    for page in pages:
        assert f"({page}.md)" in index
        blocks = len(re.findall(r"^```\w+$", text_of(page), re.MULTILINE))
        parts = [part for part in PARTS.finditer(text_of(page)) if not part["edited"]]
        assert len(parts) == blocks - (
            page == "github-actions"
        )  # its last one is what a step prints


@pytest.mark.parametrize("page", ["node", "react"])
def test_the_packages_of_a_page_are_those_of_the_lock(page):
    """What CI installs is what the page says, version for version."""
    said = json.loads(files_of(page)["package.json"])
    lock = json.loads((ROOT / PACKAGES[page] / "package-lock.json").read_text(encoding="utf-8"))
    wanted = said.get("dependencies", {}) | said["devDependencies"]

    assert {name: lock["packages"][f"node_modules/{name}"]["version"] for name in wanted} == wanted
    if page == "react":
        assert json.loads((PAGES / "react" / "package.json").read_text(encoding="utf-8")) == said


def parsed(workflow, folder):
    """Return what GitHub's parser says of a workflow: its errors, and the job `test`."""
    done = subprocess.run(
        ["node", Path(__file__).with_name("workflow.mjs")],
        input=workflow,
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=DEADLINE,
        check=True,
    )
    return json.loads(done.stdout)


WORKFLOW = ".github/workflows/contract.yml"


@pytest.mark.parametrize("page", ["github-actions"])
def test_the_workflow_is_one_by_the_rules_of_github(page, folder):
    """GitHub's own parser knows every key and expression, and misses none."""
    assert parsed(files_of(page)[WORKFLOW], folder)["errors"] == []


@pytest.mark.parametrize(
    ("right", "wrong", "error"),
    [
        ("credentials:", "credential:", "Unexpected value 'credential'"),
        ("${{ github.sha }}", "${{ env.SHA }}", "Unrecognized named-value: 'env'"),
        ("needs: image", "needs: images", "Job 'test' depends on unknown job 'images'"),
    ],
    ids=["key", "expression", "job"],
)
@pytest.mark.parametrize("page", ["github-actions"])
def test_the_parser_finds_what_is_wrong_with_a_workflow(page, folder, right, wrong, error):
    """A slip of the pen would be found."""
    workflow = files_of(page)[WORKFLOW]
    assert workflow.count(right) == 1

    [found] = parsed(workflow.replace(right, wrong), folder)["errors"]

    assert error in found


def json_of(dockerfile, instruction):
    """Return the words of an instruction of a Dockerfile in its JSON form."""
    found = re.search(
        rf"^{instruction}(?:.*\\\n)*?[^\[\n]*(\[(?:.*\\\n)*.*\])$", dockerfile, re.MULTILINE
    )
    return json.loads(found[1].replace("\\\n", ""))


@pytest.fixture
def service(folder):
    """Give the mock server that the image of the page would be, and the address that it has.

    The Petstore where the project's Dockerfile puts it, scenarios where the page's does.
    """
    data = folder / "data"
    (data / "spec").mkdir(parents=True)
    shutil.copy(ROOT / "specs" / "petstore.openapi.yaml", data / "spec" / "openapi.yaml")
    for name, text in files_of("github-actions").items():
        write(folder, name, text)
    shutil.copytree(folder / "mock" / "scenarios", data / "scenarios")
    words = " ".join(json_of(files_of("github-actions")["mock/Dockerfile"], "CMD"))
    words = words.replace("/data/", f"{data}/").replace("--port 8080", "--port 0")
    assert "--host 0.0.0.0" in words
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "mockserver",
            *shlex.split(words.replace("--host 0.0.0.0", "--host 127.0.0.1")),
        ],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        assert line.startswith("Listening on http://")
        yield line.split("//")[1].strip()
    finally:
        process.terminate()
        process.communicate()


@pytest.mark.parametrize("page", ["github-actions"])
def test_the_steps_of_the_workflow_pass_only_once_the_client_did_right(page, folder, service):
    """They reach the service by its name, ask it for the verdict, and print what the page shows."""
    health = json_of((ROOT / "Dockerfile").read_text(encoding="utf-8"), "HEALTHCHECK")
    health = [sys.executable, *(word.replace("127.0.0.1:8080", service) for word in health[1:])]
    assert subprocess.run(health, check=False, timeout=DEADLINE).returncode == 0

    job = parsed(files_of(page)[WORKFLOW], folder)
    (folder / ".curlrc").write_text(f'connect-to = "mock:8080:{service}"\n')
    env = environment(CURL_HOME=str(folder), **job["environment"])
    test, verdict = job["commands"]

    code, written = shell(f"set -e\n{verdict}", folder, env)
    assert (code, "session default: failed" in written) == (1, True), written
    code, written = shell(f"set -e\n{test}", folder, env)
    assert (code, written) == (0, "")
    code, written = shell(f"set -e\n{verdict}", folder, env)
    [expected] = re.findall(r"^```text\n(.*?)^```$", text_of(page), re.MULTILINE | re.DOTALL)
    assert code == 0
    assert shows(expected, written), written
