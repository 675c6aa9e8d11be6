"""Find a Chromium for the browser tests, or install Debian's."""

import os
import shutil

from .console import ScriptError, run, say

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_browser() -> str:
    """Return the path of a browser; empty when there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), "")


def ensure_browser() -> str:
    """Return the path of a browser, installing Debian's where that is allowed.

    Raises ScriptError when there is none and none can be installed.
    """
    if found := find_browser():
        return found
    if not shutil.which("apt-get"):
        raise ScriptError("no Chromium on PATH and no apt-get; install Chromium or Chrome yourself")
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if root and not shutil.which("sudo"):
        raise ScriptError("no Chromium on PATH; install it as root: apt-get install chromium")
    say("Installing Debian's Chromium")
    apt_get = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    try:
        run([*apt_get, "update"], timeout_s=300)
        run([*apt_get, "install", "-y", "--no-install-recommends", "chromium"], timeout_s=900)
    except ScriptError as err:
        raise ScriptError(f"Chromium could not be installed: {err}") from err
    if found := find_browser():
        return found
    raise ScriptError("the package chromium was installed but brought no browser")
