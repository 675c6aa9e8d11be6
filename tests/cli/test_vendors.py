"""What the command line does alike for every vendor: credentials, links, watching, stopping."""

from collections.abc import Iterator
import signal
import socket
from urllib.parse import urlsplit

import pytest

from .conftest import CREDENTIALS, LIMIT_S, Cloud, Follow, Run, simulated

SWITCHED = {"dio_chacon": "Prise lampadaire", "homismart": "Washing machine"}


@pytest.fixture(scope="module", params=SWITCHED)
def cloud(request: pytest.FixtureRequest) -> Iterator[Cloud]:
    """Run the simulated cloud of each vendor in turn."""
    with simulated(request.param) as cloud:
        yield cloud


@pytest.fixture
def plug(cloud: Cloud) -> str:
    """Name something that can be switched."""
    return SWITCHED[cloud.line["domain"]]


def variable(cloud: Cloud, end: str) -> str:
    """Name a variable of the environment."""
    return next(name for name in CREDENTIALS[cloud.line["domain"]] if name.endswith(end))


def elsewhere(cloud: Cloud, port: int) -> list[str]:
    """Lead to another port instead of the simulator's."""
    words = cloud.options
    return [
        urlsplit(word)._replace(netloc=f"127.0.0.1:{port}").geturl() if "://" in word else word
        for word in words
    ]


def test_started_as_by_a_person(run: Run, run_alone: Run, cloud: Cloud) -> None:
    """What the other tests run is the program: started from a shell it says the same."""
    for words in (["devices", *cloud.options], ["devices"], ["--help"]):
        alone, copied = (
            each(cloud.line["domain"], *words, environment=cloud.environment)
            for each in (run_alone, run)
        )
        assert alone == copied


def test_refused_credentials(run: Run, cloud: Cloud) -> None:
    """A wrong password has its own status, at once; the message repeats no secret."""
    environment = {**cloud.environment, variable(cloud, "PASSWORD"): "wr0ng"}
    done = run(cloud.line["domain"], "devices", *cloud.options, environment=environment)
    assert (done.status, done.output) == (4, "")
    assert "check the user name and the password" in done.errors
    assert "wr0ng" not in done.errors


def test_missing_credentials(run: Run, cloud: Cloud) -> None:
    """Without a terminal nobody is asked for ever."""
    done = run(cloud.line["domain"], "devices", *cloud.options)
    assert done.status == 2
    assert f"set {variable(cloud, 'USERNAME')}" in done.errors


def test_nobody_answers(run: Run, cloud: Cloud, socket_enabled: None) -> None:
    """A refused connection is told at once, not when the time is over."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # not listening: connections are refused
        done = run(
            cloud.line["domain"],
            *("devices", *elsewhere(cloud, taken.getsockname()[1])),
            *("--timeout", "25", "--debug"),
            environment=cloud.environment,
        )
    assert (done.status, done.output) == (3, "")
    log, verdict = done.errors.splitlines()
    assert "DEBUG Link to the cloud" in log
    assert "cannot be reached" in verdict
    assert "Traceback" not in done.errors


def test_silence_is_bounded(run: Run, cloud: Cloud, socket_enabled: None) -> None:
    """A server that accepts and says nothing meets the time limit."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done = run(
            cloud.line["domain"],
            *("devices", *elsewhere(cloud, silent.getsockname()[1]), "--timeout", "0.3"),
            environment=cloud.environment,
        )
    assert (done.status, done.output) == (3, "")
    assert "within 0.3 s" in done.errors


def test_watch_outlives_the_link(follow: Follow, cloud: Cloud, plug: str) -> None:
    """A lost link is told, comes back by itself, and with it what changed meanwhile."""
    follower = follow("--json")
    follower.event("device")
    cloud.operate("press", device=plug, on=True)
    cloud.operate("link", action="down")
    try:
        assert follower.event("disconnected")["reason"]
        cloud.operate("press", device=plug, on=False)
    finally:
        cloud.operate("link", action="up")
    changed = follower.event("changed")
    assert (changed["name"], changed["changed"]["is_on"]) == (plug, False)
    follower.event("connected")


def test_watch_notices_a_new_password(follow: Follow, cloud: Cloud) -> None:
    """Credentials that are refused later end it with the status of refused credentials."""
    follower = follow("--json")
    follower.event("device")
    cloud.operate("password", password="another")
    try:
        cloud.operate("invalid")
        assert follower.process.wait(timeout=LIMIT_S) == 4
    finally:
        cloud.operate("password", password=cloud.line["password"])
    assert "check the user name and the password" in follower.process.stderr.read()


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"]
)
def test_stopping_closes(follow: Follow, cloud: Cloud, number: signal.Signals, status: int) -> None:
    """Ctrl-C and SIGTERM close the connection and leave without a traceback."""
    follower = follow()
    follower.line()
    assert cloud.state()["connections"]
    done = follower.end(number)
    assert (done.status, done.errors) == (status, "")
    assert cloud.state()["connections"] == []


def test_watch_for_a_while(on_cloud: Run, plug: str) -> None:
    """With --duration it ends by itself, which is no failure."""
    done = on_cloud("watch", "--duration", "0.2", plug)
    assert (done.status, done.errors) == (0, "")
    assert done.output.splitlines()[1].startswith(plug)


def test_reader_may_leave(follow: Follow, cloud: Cloud, plug: str) -> None:
    """Piped into something that has seen enough it ends quietly."""
    follower = follow("--json")
    follower.event("device")
    follower.process.stdout.close()
    cloud.operate("press", device=plug)
    assert follower.process.wait(timeout=LIMIT_S) == 0
    assert follower.process.stderr.read() == ""


def test_nothing_improper_was_said(on_cloud: Run, cloud: Cloud) -> None:
    """The strict simulator has no complaint about the client."""
    assert on_cloud("devices").status == 0
    assert cloud.state()["violations"] == []
