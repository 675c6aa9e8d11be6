"""A network of the demo's own: when it is made, and that what is in it works."""

from collections.abc import Callable
import json
from pathlib import Path
import subprocess
import sys

import pytest

from script.latchkey_demo import network
from script.latchkey_demo.arguments import AUTO, HOST, OWN
from script.latchkey_demo.errors import DemoError
from script.latchkey_demo.progress import Progress

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 60
IN_A_PROCESS = """
import json, socket, sys
from script.latchkey_demo import network

def fail(err):
    raise err

def told(work):
    real, network.enter_own = network.enter_own, work
    try:
        return network.probe()
    finally:
        network.enter_own = real

said = {
    "refused": told(lambda: fail(PermissionError(1, "Operation not permitted"))),
    "unlucky": told(lambda: fail(KeyError("x"))),
    "crashed": told(lambda: sys.exit("never shown")),
    "allowed": told(lambda: None),
    "probe": network.probe(),
}
if said["probe"] is None:
    network.enter_own()
    said["interfaces"] = [name for _, name in socket.if_nameindex()]
    with socket.create_server((network.OWN_ADDRESS, 0)) as server:
        address = server.getsockname()
        with socket.create_connection(address) as client:
            said["from"] = client.getsockname()[0]
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
    try:
        socket.create_connection(("192.0.2.1", 80), timeout=5)
    except OSError as err:
        said["further"] = err.strerror
print(json.dumps(said))
"""
"""A process that has been taken elsewhere does not come back; and one with threads cannot go."""


def test_it_works() -> None:
    """A trial tells why it cannot be; where it can, mDNS has an address, and nothing leads out."""
    done = subprocess.run(
        [sys.executable, "-c", IN_A_PROCESS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["refused"] == "[Errno 1] Operation not permitted"
    assert said["unlucky"] == "'x'"
    assert said["crashed"].startswith("the trial ended with")
    assert said["allowed"] is None
    if said["probe"] is not None:
        pytest.skip(f"this machine does not allow a network of one's own: {said['probe']}")
    assert said["interfaces"] == ["lo"]
    assert said["from"] == network.OWN_ADDRESS
    assert said["further"] == "Network is unreachable"


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], list[str]]:
    """Let the trial say something; gives what is done then."""

    def say(reason: str | None) -> list[str]:
        done: list[str] = []
        monkeypatch.setattr(network, "probe", lambda: reason)
        monkeypatch.setattr(network, "enter_own", lambda: done.append("entered"))
        return done

    return say


def test_where_it_is_allowed(
    answer: Callable[[str | None], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """The check goes there unless it is told not to, and says which it is."""
    done = answer(None)
    assert network.enter(AUTO, Progress()) == OWN
    assert network.enter(OWN, Progress()) == OWN
    assert done == ["entered", "entered"]
    assert "discovered by mDNS" in capsys.readouterr().out
    assert network.enter(HOST, Progress()) == HOST
    assert len(done) == 2
    assert "by their addresses (as it was asked to)" in capsys.readouterr().out


def test_where_it_is_not(
    answer: Callable[[str | None], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """The check goes on in the machine's network and says why, in one line; who insists is told."""
    done = answer("not permitted")
    assert network.enter(AUTO, Progress()) == HOST
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert "by their addresses (not permitted)" in lines[0]
    with pytest.raises(DemoError, match="cannot be had: not permitted"):
        network.enter(OWN, Progress())
    assert done == []


def test_allowed_and_failed_all_the_same(
    answer: Callable[[str | None], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then nobody knows where the process is: the user is told how to do without."""

    def fail() -> None:
        raise OSError(22, "Invalid argument")

    answer(None)
    monkeypatch.setattr(network, "enter_own", fail)
    with pytest.raises(DemoError, match="--network host does without"):
        network.enter(AUTO, Progress())


def test_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other systems are not even tried."""
    monkeypatch.setattr(sys, "platform", "darwin")
    assert network.probe() == "only Linux has network namespaces"
