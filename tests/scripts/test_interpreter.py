"""Finding Python 3.14, and the ways around what a machine lacks."""

from pathlib import Path
import subprocess
import sys

import pytest

from script.lib import interpreter
from script.lib.console import ScriptError

from .conftest import Tree

DEB822 = """Types: deb
# a comment inside
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/example.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
"""


def test_the_archive_is_taken_from_deb822_sources(tree: Tree) -> None:
    """The mirror and its keyring come from the machine, the suite is testing."""
    root = tree({"sources.list.d/debian.sources": DEB822})
    assert interpreter.archive_stanza(root) == (
        "Types: deb\n"
        "URIs: http://mirror.example/debian\n"
        "Suites: testing\n"
        "Components: main\n"
        "Signed-By: /usr/share/keyrings/example.gpg\n"
    )


def test_an_inline_key_is_kept_whole(tree: Tree) -> None:
    """A key written into the source has continuation lines."""
    stanza = DEB822.partition("\n\n")[0].replace(
        "/usr/share/keyrings/example.gpg", "\n -----BEGIN\n .\n abc"
    )
    root = tree({"sources.list.d/debian.sources": stanza})
    assert interpreter.archive_stanza(root).endswith("Signed-By: \n -----BEGIN\n .\n abc\n")


@pytest.mark.parametrize(
    "disabled", ["Enabled: no\n", "Enabled: NO\n"], ids=["lower case", "upper case"]
)
def test_disabled_sources_do_not_count(tree: Tree, disabled: str) -> None:
    """A source that apt leaves out is left out."""
    root = tree({"sources.list.d/debian.sources": disabled + DEB822.partition("\n\n")[0]})
    with pytest.raises(ScriptError, match="no Debian archive"):
        interpreter.archive_stanza(root)


@pytest.mark.parametrize(
    ("line", "signed"),
    [
        ("deb http://mirror.example/debian bookworm main", ""),
        (
            "deb [arch=amd64 signed-by=/key.gpg] http://mirror.example/debian bookworm main # x",
            "Signed-By: /key.gpg\n",
        ),
    ],
)
def test_the_archive_is_taken_from_one_line_sources(tree: Tree, line: str, signed: str) -> None:
    """The older form of apt's configuration works as well, security archives aside."""
    security = "deb http://mirror.example/debian-security bookworm-security main\n"
    root = tree(
        {"sources.list": f"# comment\n{security}deb-src http://x/debian sid main\n{line}\n"}
    )
    assert interpreter.archive_stanza(root) == (
        "Types: deb\nURIs: http://mirror.example/debian\nSuites: testing\nComponents: main\n"
        + signed
    )


FOREIGN = """Types: deb
URIs: https://packages.example/linux/debian
Suites: bookworm
Components: stable
Signed-By: /foreign.gpg
"""


@pytest.mark.parametrize(
    "foreign",
    [
        {"sources.list.d/a.sources": FOREIGN},
        {"sources.list.d/a.sources": FOREIGN.replace("Suites: bookworm", "Suites:")},
        {"sources.list.d/a.sources": FOREIGN.replace("Components: stable\n", "")},
        {"sources.list.d/a.sources": DEB822.replace("Types: deb", "Types: deb-src")},
        {"sources.list.d/a.list": "deb https://packages.example/linux/debian bookworm stable\n"},
        {"sources.list.d/a.list": "deb [ https://packages.example/debian bookworm main\n"},
        {"sources.list.d/a.list": "deb https://packages.example/debian ./\n"},
    ],
    ids=[
        "deb822",
        "no suite",
        "no component",
        "source packages",
        "one line",
        "half an option",
        "flat",
    ],
)
def test_archives_of_others_are_passed_over(tree: Tree, foreign: dict[str, str]) -> None:
    """Who publishes packages for Debian has no testing; Debian's own comes after in any form."""
    with pytest.raises(ScriptError, match="no Debian archive"):
        interpreter.archive_stanza(tree(foreign))
    own = {
        "sources.list.d/z.list": "deb [signed-by=/own.gpg] http://mirror.example/debian sid main"
    }
    assert interpreter.archive_stanza(tree({**foreign, **own})) == (
        "Types: deb\nURIs: http://mirror.example/debian\nSuites: testing\nComponents: main\n"
        "Signed-By: /own.gpg\n"
    )


def test_a_mirror_comes_before_what_only_sounds_like_one(tree: Tree) -> None:
    """Of several archives with a component main, that in a folder named debian is Debian's."""
    product = "deb https://packages.example/debian/12/prod bookworm main\n"
    files = {"sources.list.d/a.list": product, "sources.list.d/debian.list": ""}
    assert "URIs: https://packages.example/debian/12/prod\n" in interpreter.archive_stanza(
        tree(files)
    )
    files["sources.list.d/debian.list"] = "deb http://mirror.example/debian/ bookworm main\n"
    assert "URIs: http://mirror.example/debian/\n" in interpreter.archive_stanza(tree(files))


def test_other_distributions_have_no_such_archive(tmp_path: Path) -> None:
    """Without apt's configuration the way is closed, and says so."""
    with pytest.raises(ScriptError, match="no Debian archive"):
        interpreter.archive_stanza(tmp_path)


def test_an_interpreter_must_be_complete(tmp_path: Path) -> None:
    """The one that runs this test will do; one that fails its smoke test will not."""
    assert interpreter.works(Path(sys.executable))
    fake = tmp_path / "python3.14"
    fake.write_text("#!/bin/sh\nexit 1\n")
    fake.chmod(0o755)
    assert not interpreter.works(fake)
    assert not interpreter.works(tmp_path / "missing")


def test_when_nothing_works_all_attempts_are_told(tmp_path: Path) -> None:
    """One message names every way that was tried and what the user can do.

    Run for real with an empty PATH: no python3.14, no uv, no apt.
    """
    empty = tmp_path / "bin"
    empty.mkdir()
    code = (
        "import sys; sys.path.insert(0, 'script'); sys.executable = '/nonexistent'\n"
        "from lib import console, interpreter\n"
        "try:\n    interpreter.find_python()\n"
        "except console.ScriptError as err:\n    print(err)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": str(empty), "XDG_CACHE_HOME": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "python3.14 on PATH: none" in done.stdout
    assert "an interpreter known to uv: " in done.stdout
    assert "uv python install 3.14: " in done.stdout
    assert "Debian's packages in a private folder: apt-get is not here" in done.stdout
    assert "Install Python 3.14" in done.stdout
