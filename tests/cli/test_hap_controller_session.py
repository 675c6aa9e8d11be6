"""``script/cli hap_controller`` in processes of its own, with a terminal and real mDNS on loopback."""

from collections.abc import Callable, Iterator
import json
import os
from pathlib import Path
import pty
import signal
import subprocess
import threading
from uuid import uuid4

import pytest

from .conftest import CLI, LIMIT_S, Run, clean_environment

DOMAIN = "hap_controller"
LOOPBACK = ("--interface", "127.0.0.1")


class Terminal:
    """A command under way, with somebody who types."""

    def __init__(self, *words: object) -> None:
        """Start it; a silent one is killed when the time is over."""
        self._keyboard, screen = pty.openpty()
        self.process = subprocess.Popen(
            [CLI, DOMAIN, *map(str, words)],
            env=clean_environment(),
            stdin=screen,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
        )
        os.close(screen)
        self._timer = threading.Timer(LIMIT_S, self.process.kill)
        self._timer.start()
        self.seen = ""

    def type(self, text: str) -> None:
        """Type something, with Enter at its end."""
        os.write(self._keyboard, f"{text}\n".encode())

    def until(self, part: str) -> str:
        """Wait until something is shown, be it without the end of a line; gives the line so far."""
        assert self.process.stdout
        line = ""
        while part not in line:
            character = self.process.stdout.read(1)
            assert character, f"it ended or was silent: {self.seen}{line}"
            if character == "\n":
                self.seen += f"{line}\n"
                line = ""
            else:
                line += character
        self.seen += line
        return line

    def line(self, part: str) -> str:
        """Wait for a whole line with this in it."""
        begun = self.until(part)
        assert self.process.stdout
        rest = self.process.stdout.readline()
        self.seen += rest
        return begun + rest.rstrip("\n")

    def end(self, number: signal.Signals | None = None) -> int:
        """Wait for the end, after a signal if there is one; gives the exit status."""
        if number is not None:
            self.process.send_signal(number)
        self.seen += self.process.communicate(timeout=LIMIT_S)[0]
        return self.process.returncode

    def close(self) -> None:
        """Leave nothing running."""
        self._timer.cancel()
        self._timer.join()
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate(timeout=LIMIT_S)
        os.close(self._keyboard)


type Start = Callable[..., Terminal]


@pytest.fixture
def start(socket_enabled: None) -> Iterator[Start]:
    """Start commands at terminals."""
    terminals = []

    def start_one(*words: object) -> Terminal:
        terminal = Terminal(*words)
        terminals.append(terminal)
        return terminal

    yield start_one
    for each in terminals:
        each.close()


def test_session(start: Start, run: Run, tmp_path: Path) -> None:
    """Served, discovered, paired with a code typed at the prompt, followed while a hand moves it, and ended."""
    name = f"Lamp {uuid4().hex[:12]}"
    file = tmp_path / "home.json"
    lamp = start("serve", "-f", tmp_path / "lamp.json", "--name", name, "--address", "127.0.0.1")
    lamp.line("Not paired.")
    assert "Enter moves it by hand, Ctrl-C ends it.\n" in lamp.seen
    told = json.loads((tmp_path / "lamp.json").read_text())
    code, device = told["accessory_pin"], told["accessory_pairing_id"]
    assert f"Setup code: {code}\n" in lamp.seen

    found = start("discover", "-u", "-t", "20", *LOOPBACK)
    found.line(f"Device ID (id): {device}")
    assert f"Name: {name}._hap._tcp.local." in found.seen
    assert found.end(signal.SIGINT) == 130
    assert "Traceback" not in found.seen

    assert run(DOMAIN, "init-storage", "-f", str(file)).status == 0
    pair = start("pair", "-d", device, "-f", file, "-a", "lamp", *LOOPBACK)
    pair.until("Setup code (NNN-NN-NNN): ")
    pair.type("12345")
    pair.until("a setup code is eight digits")
    pair.until("Setup code (NNN-NN-NNN): ")
    pair.type(code.replace("-", ""))
    assert pair.end() == 0
    assert pair.seen.endswith('Pairing for "lamp" was established.\n')
    lamp.line("Paired with 1 controller.")

    events = start("get-events", "-f", file, "-c", "1.11", "-e", "1", *LOOPBACK)
    events.line("waiting for events of 1.11")
    lamp.type("")
    lamp.line("On is True (by hand)")
    assert events.end() == 0
    assert events.seen.endswith("event for 1.11: True\n")
    assert lamp.end(signal.SIGINT) == 130
    assert "Traceback" not in lamp.seen


@pytest.mark.parametrize("how", ["interrupt", "end"])
def test_leaving_the_prompt(start: Start, tmp_path: Path, how: str) -> None:
    """Ctrl-C, and the end of the input, leave at once; nothing is paired or stored."""
    lamp = start("serve", "-f", tmp_path / "lamp.json", "--no-announce", "--address", "127.0.0.1")
    port = lamp.line(" is served at ").rpartition(" ")[2].rstrip(".")
    file = tmp_path / "home.json"
    file.write_text("{}")
    pair = start("pair", "-f", file, "-a", "lamp", "--host", f"127.0.0.1:{port}")
    pair.until("Setup code (NNN-NN-NNN): ")
    if how == "interrupt":
        assert pair.end(signal.SIGINT) == 130
    else:
        os.write(pair._keyboard, b"\x04")
        assert pair.end() == 2
        assert "no setup code was entered; nothing was paired" in pair.seen
    assert "Traceback" not in pair.seen
    assert file.read_text() == "{}"
    assert lamp.end(signal.SIGTERM) == 143
