"""A running demo, and a real browser that sees nothing but this machine."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
import json
import os
from pathlib import Path
import signal
import subprocess
import sys
import time
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import APIRequestContext, Page, Route, expect, sync_playwright
import pytest

from script.lib.browser import NAMES, find_browser
from tests.common import TESTS

ROOT = TESTS.parent
IMAGES = ROOT / "docs" / "images"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LIMIT_S = 60.0
"""Far more than anything takes, on a busy machine too."""
START_LIMIT_S = 300.0
STOP_LIMIT_S = 60.0
LOCAL = "127.0.0.1"


@dataclass(frozen=True)
class Demo:
    """A demo that runs, as its own description tells."""

    url: str
    username: str
    password: str
    homes: dict[str, dict[str, Any]]


@dataclass
class Visitor:
    """A person at the web page, who can also look behind it."""

    page: Page
    requests: APIRequestContext
    demo: Demo

    def go(self, path: str) -> None:
        """Open a page of Home Assistant."""
        self.page.goto(self.demo.url + path)

    def state(self, entity_id: str) -> dict[str, Any]:
        """Ask Home Assistant for a state, past the page."""
        tokens = json.loads(self.page.evaluate("localStorage.getItem('hassTokens')"))
        answer = self.requests.get(
            f"{self.demo.url}/api/states/{entity_id}",
            headers={"Authorization": f"Bearer {tokens['access_token']}"},
        )
        assert answer.ok, answer.text()
        found: dict[str, Any] = answer.json()
        return found

    def vendor_device(self, domain: str, name: str) -> dict[str, Any]:
        """Ask the simulator how a device is."""
        described = self.requests.get(self.demo.homes[domain]["control_url"]).json()
        return next(device for device in described["devices"] if device["name"] == name)

    def until(self, met: Callable[[], bool], what: str) -> None:
        """Wait until something holds, while the page goes on."""
        until(met, what, pause=lambda: self.page.wait_for_timeout(100))

    def picture(self, name: str) -> None:
        """Keep a picture of the page for the documentation, when that is asked for."""
        if os.environ.get("LATCHKEY_SCREENSHOTS"):
            self.page.mouse.move(0, 0)  # no button looks as if pointed at
            self.page.wait_for_timeout(1000)  # and nothing is half faded in
            self.page.screenshot(path=IMAGES / f"{name}.png")


def until(
    met: Callable[[], bool],
    what: str,
    limit_s: float = LIMIT_S,
    pause: Callable[[], object] = lambda: time.sleep(0.1),
) -> None:
    """Wait until something holds."""
    end = time.monotonic() + limit_s
    while not met():
        assert time.monotonic() < end, f"not {what} in {limit_s:.0f} s"
        pause()


@pytest.fixture(scope="session")
def browser_path() -> str:
    """Path of a browser of this machine."""
    if not (found := find_browser()):
        pytest.skip(f"no browser: none of {', '.join(NAMES)}; script/setup --browser installs one")
    return found


@pytest.fixture
def demo(browser_path: str, tmp_path: Path, domain: str) -> Iterator[Demo]:
    """The demo as a user starts it, with one component left to be added by hand."""
    folder, log = tmp_path / "demo", tmp_path / "demo.log"
    words = ["--no-browser", "--folder", str(folder), "--by-hand", domain]
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "script.latchkey_demo", *words],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        running = folder / "running.json"
        until(lambda: running.exists() or process.poll() is not None, "the demo up", START_LIMIT_S)
        assert process.poll() is None, log.read_text()
        yield Demo(**json.loads(running.read_text()))
    finally:
        process.send_signal(signal.SIGINT)
        try:
            code = process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert code == 0, log.read_text()


def stay_here(route: Route) -> None:
    """Let no request leave this machine: one without an answer would only take time to fail."""
    if urlsplit(route.request.url).hostname == LOCAL:
        route.continue_()
    else:
        route.abort()


@pytest.fixture
def visitor(demo: Demo, browser_path: str, socket_enabled: None) -> Iterator[Visitor]:
    """A person who is signed in."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
        context = browser.new_context(viewport={"width": 1440, "height": 1000}, locale="en-GB")
        context.set_default_timeout(LIMIT_S * 1000)
        expect.set_options(LIMIT_S * 1000)
        visitor = Visitor(context.new_page(), context.request, demo)

        context.route("http*://**/*", stay_here)
        visitor.go("/")
        page = visitor.page
        page.fill("input[name=username]", demo.username)
        page.fill("input[name=password]", demo.password)
        page.keyboard.press("Enter")
        page.wait_for_selector("home-assistant-main", state="attached")
        yield visitor
        context.close()
        browser.close()
