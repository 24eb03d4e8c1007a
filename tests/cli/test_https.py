"""HTTPS from the command line: what is printed, what a command is told, and what does not fit."""

import argparse
import os
import shutil
import signal
import ssl
import subprocess
import sys
import urllib.request

import pytest

from mockserver import StartError
from mockserver.cli import tls

SERVER = [sys.executable, "-m", "mockserver"]


def test_serve_says_where_its_authority_is(tmp_path):
    """Before it says that it listens; the file is where it was asked for, and stays there."""
    file = tmp_path / "ca.pem"
    command = [*SERVER, "serve", "--port", "0", "--tls", "self-signed", "--tls-ca-out", str(file)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        trust, listening = process.stdout.readline(), process.stdout.readline()
        url = listening.split()[-1]
        context = ssl.create_default_context(cafile=file)
        with urllib.request.urlopen(f"{url}/_mock/ca.pem", context=context) as answer:
            assert answer.read() == file.read_bytes()
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert url.startswith("https://127.0.0.1:")
    assert trust == f"Clients trust {file} (and {url}/_mock/ca.pem)\n"
    assert "Traceback" not in errors
    assert process.returncode == 0
    assert file.exists()


CLIENTS = {
    "Python": [sys.executable, "-c", "import os, urllib.request as r; print(r.urlopen(os.environ['MOCKSERVER_URL'] + '/_mock/health').status)"],
    "httpx": [sys.executable, "-c", "import os, httpx; print(httpx.get(os.environ['MOCKSERVER_URL'] + '/_mock/health').status_code)"],
    "curl": ["sh", "-c", "curl -sS -o /dev/null -w '%{http_code}\\n' \"$MOCKSERVER_CONTROL_URL/health\""],
    "Node.js": ["node", "-e", "fetch(process.env.MOCKSERVER_CONTROL_URL + '/health').then((a) => console.log(a.status))"],
}  # fmt: skip


@pytest.mark.parametrize("command", CLIENTS.values(), ids=CLIENTS)
def test_a_command_trusts_the_server_that_it_is_run_under(command):
    """By its environment, without a word in the command itself."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    kept = {n: v for n, v in os.environ.items() if n not in ("SSL_CERT_FILE", "CURL_CA_BUNDLE")}
    done = subprocess.run(
        [*SERVER, "run", "--tls", "self-signed", "--", *command],
        capture_output=True,
        text=True,
        env=kept,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "200\n"), done.stderr


OPTIONS = {
    "none": ([], None),
    "self-signed": (["--tls", "self-signed"], "self-signed"),
    "one file": (["--tls-cert", "a"], ("a",)),
    "two files": (["--tls-cert", "a", "--tls-key", "b"], ("a", "b")),
}


def parsed(argv):
    parser = argparse.ArgumentParser()
    tls.add_arguments(parser)
    return parser.parse_args(argv)


@pytest.mark.parametrize(("argv", "expected"), OPTIONS.values(), ids=OPTIONS)
def test_options_become_one_setting(argv, expected):
    """As MockServer takes it."""
    found = tls.setting(parsed(argv))
    if isinstance(expected, tuple):
        paths = found if isinstance(found, tuple) else (found,)
        assert tuple(map(str, paths)) == expected
    else:
        assert found == expected


WRONG = {
    "both ways": ["--tls", "self-signed", "--tls-cert", "a"],
    "a key besides": ["--tls", "self-signed", "--tls-key", "a"],
    "a key alone": ["--tls-key", "a"],
    "nothing to write": ["--tls-ca-out", "a"],
    "nothing of ours to write": ["--tls-ca-out", "a", "--tls-cert", "b"],
}


@pytest.mark.parametrize("argv", WRONG.values(), ids=WRONG)
def test_options_that_do_not_fit_together_are_refused(argv):
    """Before anything is loaded."""
    with pytest.raises(StartError) as caught:
        tls.setting(parsed(argv))
    assert caught.value.code == "tls-options"
    assert caught.value.mend


def test_a_file_that_cannot_be_written_is_said(tmp_path):
    """With exit code 3, and the server does not go on."""
    file = tmp_path / "nowhere" / "ca.pem"
    done = subprocess.run(
        [*SERVER, "serve", "--port", "0", "--tls", "self-signed", "--tls-ca-out", str(file)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3
    assert "[unwritable-certificate]" in done.stderr
    assert "Listening" not in done.stdout
