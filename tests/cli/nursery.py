"""Programs of ``script/cli`` that begin where everything is imported: copies of a process that has done so once.

Imports are nearly all that a short command costs, and the same each time. From there on a copy is what a person
starts: it has its own words, environment, folder and streams, takes signals, and ends as any program does.

``python -m tests.cli.nursery`` has a socket as its standard input. Each message is an order, with the descriptors of
three streams and of a pipe that is told the number of the process and in the end how it went.
"""

from collections.abc import Mapping, Sequence
import gc
import json
import os
from pathlib import Path
import select
import signal
import socket
import subprocess
import sys
import threading
from typing import IO

MAX_ORDER_BYTES = 256 * 1024
LIMIT_S = 90


class Program:
    """A program under way, as ``subprocess.Popen`` shows one."""

    def __init__(self, stdout: IO[str], stderr: IO[str], told: IO[str]) -> None:
        """Read what it prints, and what the nursery tells of it."""
        self.stdout, self.stderr = stdout, stderr
        self.returncode: int | None = None
        self._told = told
        self._pid = int(told.readline())

    def poll(self) -> int | None:
        """Give the exit status, if it has ended."""
        if self.returncode is None and select.select([self._told], [], [], 0)[0]:
            self.returncode = int(self._told.readline())
        return self.returncode

    def wait(self, timeout: float) -> int:
        """Wait for the end and give the exit status, which is negative after a signal. Raises TimeoutError."""
        if self.returncode is None and not select.select([self._told], [], [], timeout)[0]:
            raise TimeoutError(f"not ended within {timeout:g} s")
        status = self.poll()
        assert status is not None
        return status

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self._pid, number)

    def kill(self) -> None:
        """End it by force, unless it has ended."""
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float) -> tuple[str, str]:
        """Wait for the end and give what it has printed that was not read yet; a silent one is killed.

        Raises TimeoutError when it was.
        """
        errors: list[str] = []
        reader = threading.Thread(target=lambda: errors.append(self.stderr.read()))
        timer = threading.Timer(timeout, self.kill)
        timer.start()
        reader.start()
        try:
            output = "" if self.stdout.closed else self.stdout.read()
        finally:
            reader.join()
            timer.cancel()
            timer.join()
        if self.wait(timeout) == -signal.SIGKILL:
            raise TimeoutError(f"killed after {timeout:g} s: {output}{errors[0]}")
        return output, errors[0]

    def close(self) -> None:
        """Leave nothing running and nothing open."""
        self.kill()
        self.wait(LIMIT_S)
        for stream in (self.stdout, self.stderr, self._told):
            stream.close()


class Nursery:
    """The process that is copied, as its customers see it."""

    def __init__(self, environment: Mapping[str, str], cwd: Path) -> None:
        """Start it; it imports while the tests go on."""
        self._door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "tests.cli.nursery"],
                cwd=cwd,
                env={**environment, "PYTHONPATH": str(cwd)},
                stdin=theirs,
                stdout=subprocess.PIPE,  # like those of its copies: Python looks once at what its streams can do
                stderr=subprocess.PIPE,
                text=True,
            )

    def start(
        self, words: Sequence[object], environment: Mapping[str, str], cwd: Path | None = None
    ) -> Program:
        """Start ``script/cli`` with these words, without anybody to ask."""
        order = {
            "words": [str(word) for word in words],
            "environment": dict(environment),
            "cwd": str(cwd or Path.cwd()),
        }
        ours, theirs = zip(*(os.pipe() for _ in range(3)), strict=True)
        with open(os.devnull, "rb") as nobody:  # noqa: PTH123  a device
            socket.send_fds(self._door, [json.dumps(order).encode()], [nobody.fileno(), *theirs])
        for end in theirs:
            os.close(end)
        return Program(*(os.fdopen(end, encoding="utf-8") for end in ours))

    def close(self) -> None:
        """End it, and see that it had nothing to say; its copies go on until they end."""
        self._door.close()
        assert self._process.communicate() == ("", "")


def _serve(door: socket.socket) -> list[str] | None:
    """Make a copy for each order and tell how each ended.

    Returns in the copy, with its words, and when there are no more orders.
    """
    copies: dict[int, tuple[int, int]] = {}
    while True:
        readable, _, _ = select.select([door, *copies], [], [])
        for ended in copies.keys() & readable:
            pid, told = copies.pop(ended)
            _, status = os.waitpid(pid, 0)
            os.write(told, b"%d\n" % os.waitstatus_to_exitcode(status))
            os.close(told)
            os.close(ended)
        if door not in readable:
            continue
        text, streams, _, _ = socket.recv_fds(door, MAX_ORDER_BYTES, 4)
        if not text:
            return None
        order = json.loads(text)
        *streams, told = streams
        if not (pid := os.fork()):
            _become(streams, order["environment"], order["cwd"])
            return list(order["words"])
        os.write(told, b"%d\n" % pid)
        for stream in streams:
            os.close(stream)
        copies[os.pidfd_open(pid)] = pid, told


def _become(streams: Sequence[int], environment: Mapping[str, str], cwd: str) -> None:
    """Have nothing of the process that was copied but its modules."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, 1024)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)


def _main() -> None:
    from script.latchkey_cli.__main__ import main
    from script.latchkey_cli.vendors import VENDORS, load

    for domain in VENDORS:
        load(domain)
    gc.collect()
    gc.freeze()  # or each copy would copy page after page when it collects
    words = _serve(socket.socket(fileno=os.dup(0)))
    if words is not None:
        sys.exit(main(words))


if __name__ == "__main__":
    _main()
