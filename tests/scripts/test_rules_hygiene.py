"""Each rule about words, skips, links and commands finds the fault it is for."""

import pytest

from ..rules import hygiene
from .conftest import Tree

# In parts, because the rule reads this file too.
HOST = ".".join(("py" + "pi", "org"))
FOLDER = "/".join(("", "wo" + "rk", "main"))


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (f"open('{FOLDER}/x')", "path of a machine"),
        (f"cd /{'ro' + 'ot'}/x", "path of a machine"),
        (f"see https://{HOST}/project/x", "host of a package registry"),
        ("# TO" + "DO: later", "unfinished"),
        ("# FIX" + "ME", "unfinished"),
        ("<" * 7 + " HEAD", "unfinished"),
    ],
)
def test_an_unwanted_word_is_found(tree: Tree, line: str, fault: str) -> None:
    """The line is named with its file and number."""
    root = tree({"a/b.py": f"# first\n{line}\n", "c.png": b"\xff"})
    faults = hygiene.unwanted_words(root, [root / "a/b.py", root / "c.png"])
    assert len(faults) == 1
    assert faults[0].startswith("a/b.py:2 ")
    assert fault in faults[0]


@pytest.mark.parametrize(
    "line",
    [
        "the work/life balance",
        "GET /session/" + "root/of/all",
        "brands: to" + "do",
        "custom_components/wo" + "rk/",
        "https://github.com/x/y/wo" + "rk/",
    ],
)
def test_innocent_words_pass(tree: Tree, line: str) -> None:
    """Words that only look alike are left alone."""
    root = tree({"a.md": line})
    assert hygiene.unwanted_words(root, [root / "a.md"]) == []


@pytest.mark.parametrize(
    "source",
    [
        "@pytest.mark.skip\ndef test_a(): ...\n",
        "@pytest.mark.xfail\ndef test_a(): ...\n",
        "@pytest.mark.skipif(True)\ndef test_a(): ...\n",
        "@pytest.mark.xfail(strict=True)\ndef test_a(): ...\n",
        "def test_a():\n    pytest.skip()\n",
    ],
)
def test_a_skip_without_reason_is_found(tree: Tree, source: str) -> None:
    """Each way to leave a test out needs a reason."""
    root = tree({"tests/test_a.py": source})
    assert len(hygiene.silent_skips(root, [root / "tests/test_a.py"])) == 1


@pytest.mark.parametrize(
    "source",
    [
        "@pytest.mark.skipif(True, reason='no browser')\ndef test_a(): ...\n",
        "@pytest.mark.skip('no browser')\ndef test_a(): ...\n",
        "def test_a():\n    pytest.skip('no browser')\n",
    ],
)
def test_a_skip_with_reason_passes(tree: Tree, source: str) -> None:
    """A reason may stand by name or by position."""
    root = tree({"tests/test_a.py": source})
    assert hygiene.silent_skips(root, [root / "tests/test_a.py"]) == []


def test_broken_links_are_found(tree: Tree) -> None:
    """Pages, pictures and folders count; anchors, addresses and examples do not."""
    page = (
        "[there](b.md#part) [out](https://example.org) [part](#here) [folder](sub/)\n"
        '![gone](images/x.png) <img src="sub/y.png"> [gone too](../outside.md)\n'
        "```\n[example](nowhere.md)\n```\n"
    )
    root = tree({"docs/a.md": page, "docs/b.md": "", "docs/sub/y.txt": ""})
    assert hygiene.broken_links(root, [root / "docs/a.md"]) == [
        "docs/a.md links to images/x.png, which is not there",
        "docs/a.md links to sub/y.png, which is not there",
        "docs/a.md links to ../outside.md, which is not there",
    ]


def test_commands_that_cannot_be_run_are_found(tree: Tree) -> None:
    """A command needs its first line, its permission, and to stop at errors."""
    root = tree(
        {
            "script/good": "#!/usr/bin/env bash\nset -euo pipefail\n",
            "script/careless": "#!/bin/sh\necho\n",
            "script/plain": "print()\n",
            "script/lib/x.py": "",
            ".ci/run": "#!/usr/bin/env bash\nset -euo pipefail\n",
        }
    )
    for name in ("script/good", "script/careless"):
        (root / name).chmod(0o755)
    assert sorted(hygiene.unready_scripts(root)) == [
        ".ci/run is not executable",
        "script/careless goes on after an error",
        "script/plain does not say what runs it",
        "script/plain is not executable",
    ]
