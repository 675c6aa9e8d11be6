"""``python -m simulators``: the line that says it is ready, the end on a signal, and what it does without."""

import signal
import sys
from types import ModuleType

import aiohttp
import pytest
from yarl import URL

from script.lending import lend_codec
from simulators.__main__ import domains
from tests.simulators.dio_client import greeting
from tests.simulators.programs import ROOT, free_port, ready, run, running, state


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_serves_until_a_signal(http: aiohttp.ClientSession, number: signal.Signals) -> None:
    """The line has all that a client needs, both ways in work, and a signal ends it with status 0."""
    async with run("dio_chacon") as process:
        line = await ready(process)
        assert line.keys() == {
            "domain",
            "ws_url",
            "auth_url",
            "email",
            "password",
            "control_url",
        }
        assert line["domain"] == "dio_chacon"
        body = {name: line[name] for name in ("email", "password")} | {"installationId": "test"}
        async with http.post(line["auth_url"], json=body) as answer:
            token = (await answer.json())["data"]["sessionToken"]
        query = {name: line[name] for name in ("email", "password")} | {"serviceName": "test"}
        urls = (
            URL(line["ws_url"]).with_query(query),
            URL(f"{line['ws_url']}?sessionToken={token}", encoded=True),
        )
        # The connections stay open: the end must not wait for them.
        websockets = [await http.ws_connect(url) for url in urls]
        for ws in websockets:
            assert await ws.receive_json() == greeting("success")
        assert (await state(http, line["control_url"]))["violations"] == []
        process.send_signal(number)
        out, err = await process.communicate()
        assert (process.returncode, out, err) == (0, b"", b"")
        for ws in websockets:
            await ws.close()


# What a simulator borrows.
CODEC = ("const", "errors", "frames")
CODECS = {
    "hap_controller": (
        "catalogue",
        "catalogue.tables",
        "const",
        "crypto",
        "errors",
        "refusals",
        "setup_code",
        "srp",
        "tlv8",
    ),
    "home_connect_local": ("const", "crypto", "errors", "refusals"),
}


@pytest.mark.parametrize("domain", domains())
async def test_runs_without_home_assistant(socket_enabled: None, domain: str) -> None:
    """Neither Home Assistant nor anything of the component but its codec is imported."""
    async with run(domain, interpreter=("-X", "importtime")) as process:
        await ready(process)
        process.send_signal(signal.SIGTERM)
        _, err = await process.communicate()
    imported = {line.rpartition("|")[2].strip() for line in err.decode().splitlines()}
    assert "aiohttp" in imported
    assert not [name for name in imported if name.partition(".")[0] == "homeassistant"]
    assert {name for name in imported if name.startswith("custom_components")} == {
        f"custom_components.{domain}.protocol.{name}" for name in CODECS.get(domain, CODEC)
    }


async def test_options(http: aiohttp.ClientSession) -> None:
    """Host, port, account and home can be chosen."""
    port = free_port()
    words = ("--port", str(port), "--email", "me@example.org", "--devices", "12")
    async with running("dio_chacon", *words) as (_, line):
        assert line["email"] == "me@example.org"
        assert len((await state(http, line["control_url"]))["devices"]) == 12
        async with run("dio_chacon", "--port", str(port)) as second:
            out, err = await second.communicate()
            assert second.returncode == 1
            assert out == b""
            assert err.decode().startswith(f"cannot serve on 127.0.0.1:{port}: ")
    async with running("dio_chacon", "--port", str(port), "--odd-devices") as (_, line):
        assert URL(line["ws_url"]).port == URL(line["auth_url"]).port == port
        shown = await state(http, line["control_url"])
        devices = {device["name"]: device for device in shown["devices"]}
        assert devices["Volet grenier"]["values"]["reported"] is False
        assert devices["Volet bureau"]["values"]["online"] is False


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["nonsense"],
        ["--port", "0", "dio_chacon"],
        ["dio_chacon", "--speed", "0"],
        ["dio_chacon", "--speed", "fast"],
    ],
)
async def test_wrong_command_line(words: list[str]) -> None:
    """A wrong command line is explained on standard error."""
    async with run(*words) as process:
        out, err = await process.communicate()
        assert process.returncode == 2
        assert out == b""
        assert b"usage: python -m simulators" in err


async def test_help_names_the_options_of_the_vendor() -> None:
    """The help of a domain lists its own options."""
    async with run("dio_chacon", "--help") as process:
        out, _ = await process.communicate()
        assert process.returncode == 0
        assert b"--odd-devices" in out


def test_every_package_is_a_domain() -> None:
    """Each package beside the shared modules is offered."""
    folder = ROOT / "simulators"
    assert domains() == sorted(path.parent.name for path in folder.glob("*/__init__.py"))


def test_lending_leaves_what_is_loaded_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is missing is put in place, so that a loaded component stays whole."""
    name = "custom_components.borrowed"
    real = ModuleType(name)
    monkeypatch.setitem(sys.modules, name, real)
    monkeypatch.delitem(sys.modules, f"{name}.protocol", raising=False)
    lend_codec("borrowed")
    assert sys.modules[name] is real
    assert list(sys.modules[f"{name}.protocol"].__path__) == [
        str(ROOT / "custom_components" / "borrowed" / "protocol")
    ]
