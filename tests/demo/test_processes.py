"""Children of the demo: started, read, stopped, and never left behind."""

import asyncio
import os
from pathlib import Path
import signal
import sys
import textwrap

import pytest

from script.latchkey_demo.errors import DemoError
from script.latchkey_demo.processes import Child, kill_all, last_lines
from tests.common import TESTS

LIMIT_S = 60.0


def program(text: str) -> list[str]:
    """Make the command that runs some lines of Python."""
    return [sys.executable, "-c", textwrap.dedent(text)]


def is_running(pid: int) -> bool:
    """Tell whether a process is there; one that has ended and was not yet collected is not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


async def gone(pid: int) -> None:
    """Wait until a process has ended."""
    async with asyncio.timeout(LIMIT_S):
        while is_running(pid):
            await asyncio.sleep(0.02)


async def test_output_goes_to_the_log(tmp_path: Path) -> None:
    """The first line is handed over, the others and the errors are kept in the log."""
    child = Child("a program", tmp_path / "logs" / "x.log")
    await child.start(
        program("import sys; print('one'); print('two'); print('three', file=sys.stderr)"),
        tmp_path,
    )
    assert await child.first_line(LIMIT_S) == "one\n"
    child.copy_output()
    assert await child.ended() == 0
    assert await child.stop(LIMIT_S)
    assert sorted(child.log.read_text().split()) == ["three", "two"]


async def test_a_child_sees_only_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Home Assistant must find the components of its own configuration, not the repository's."""
    monkeypatch.setenv("PYTHONPATH", str(TESTS.parent))
    child = Child("a program", tmp_path / "x.log")
    await child.start(
        program("import os; print(os.getcwd(), 'PYTHONPATH' in os.environ)"), tmp_path
    )
    assert await child.first_line(LIMIT_S) == f"{tmp_path} False\n"
    await child.stop(LIMIT_S)


async def test_temporary_files_of_its_own(tmp_path: Path) -> None:
    """Two Home Assistants on one machine do not take each other's uploads away."""
    child = Child("a program", tmp_path / "x.log")
    place = tmp_path / "demo" / "temporary"
    await child.start(program("import tempfile; print(tempfile.gettempdir())"), tmp_path, place)
    assert await child.first_line(LIMIT_S) == f"{place}\n"
    await child.stop(LIMIT_S)


async def test_a_child_that_ends_at_once(tmp_path: Path) -> None:
    """The error shows the end of what the child said."""
    child = Child("a program", tmp_path / "x.log")
    await child.start(program("raise SystemExit('no such home')"), tmp_path)
    with pytest.raises(DemoError, match=r"a program ended at once(?s:.)*no such home"):
        await child.first_line(LIMIT_S)
    await child.stop(LIMIT_S)


async def test_a_silent_child(tmp_path: Path) -> None:
    """Waiting for the first line has an end."""
    child = Child("a program", tmp_path / "x.log")
    await child.start(program("import time; time.sleep(60)"), tmp_path)
    with pytest.raises(DemoError, match="said nothing"):
        await child.first_line(0.05)
    assert await child.stop(LIMIT_S)


async def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    """The error names what was to be started; stopping it afterwards does no harm."""
    child = Child("a program", tmp_path / "x.log")
    with pytest.raises(DemoError, match="a program cannot be started"):
        await child.start([tmp_path / "missing"], tmp_path)
    assert await child.stop(LIMIT_S)


async def test_a_stubborn_child_is_killed_with_its_own_children(tmp_path: Path) -> None:
    """Whoever does not end when asked is ended, and what it had started too."""
    child = Child("a program", tmp_path / "x.log")
    await child.start(
        program("""
            import signal, subprocess, sys, time
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
            print(grandchild.pid, flush=True)
            time.sleep(60)
        """),
        tmp_path,
    )
    grandchild = int(await child.first_line(LIMIT_S))
    pid = child.pid
    assert not await child.stop(0.1)
    await gone(pid)
    await gone(grandchild)


async def test_kill_all(tmp_path: Path) -> None:
    """An impatient user ends everything at once."""
    children = [Child(name, tmp_path / f"{name}.log") for name in ("one", "two")]
    for child in children:
        await child.start(program("import time; time.sleep(60)"), tmp_path)
    kill_all()
    assert [await child.ended() for child in children] == [-signal.SIGKILL] * 2
    for child in children:
        await child.stop(LIMIT_S)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
async def test_no_orphan_when_we_are_killed(tmp_path: Path) -> None:
    """A parent that is killed without warning takes its children with it."""
    parent = await asyncio.create_subprocess_exec(
        *program(f"""
            import asyncio, pathlib, sys
            from script.latchkey_demo.processes import Child

            async def main():
                child = Child("x", pathlib.Path({str(tmp_path)!r}, "x.log"))
                await child.start([sys.executable, "-c", "import time; time.sleep(60)"], pathlib.Path())
                print(child.pid, flush=True)
                await asyncio.sleep(60)

            asyncio.run(main())
        """),
        env={**os.environ, "PYTHONPATH": str(TESTS.parent)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    assert is_running(pid)
    parent.kill()
    await parent.wait()
    await gone(pid)


def test_last_lines(tmp_path: Path) -> None:
    """Only the end is shown, with where it comes from; nothing for nothing."""
    path = tmp_path / "x.log"
    assert last_lines(path) == ""
    path.write_text("\n".join(str(number) for number in range(100)))
    assert last_lines(path, 2) == f"; last lines of {path}:\n98\n99"
