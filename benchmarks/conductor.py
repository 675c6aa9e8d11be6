"""Have the contenders do the same jobs in turn."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
import json
import sys
import time
from typing import Any

from .children import Child, Json, spawned


class Contest:
    """The contenders of one kind, each in its own process."""

    def __init__(self, children: Mapping[str, Child]) -> None:
        """Wait until the contenders are ready; those whose package is missing are left out."""
        self.missing = {
            name: child.announcement["missing"]
            for name, child in children.items()
            if "missing" in child.announcement
        }
        self._children = {
            name: child for name, child in children.items() if name not in self.missing
        }

    def rounds(
        self,
        job: str,
        times: int,
        /,
        *,
        only: Sequence[str] = (),
        warm_up: bool = False,
        **members: object,
    ) -> dict[str, list[Any]]:
        """Ask for a job several times, A B A B, and give the results by contender.

        With ``warm_up`` there is one round before that does not count, unless there is only one: nobody compares it.
        """
        chosen = self._chosen(only)
        results: dict[str, list[Any]] = {name: [] for name in chosen}
        for number in range(-int(warm_up and times > 1), times):
            for name, child in chosen.items():
                result = child.ask(job, **members)
                if number >= 0:
                    results[name].append(result)
        return results

    def at_once(self, job: str, *, only: Sequence[str] = (), **members: object) -> dict[str, Any]:
        """Let contenders do a job at the same time: for what mostly waits, or is not on the clock."""
        with self.meanwhile(job, only=only, **members) as results:
            pass
        return results

    @contextmanager
    def meanwhile(
        self, job: str, *, only: Sequence[str] = (), **members: object
    ) -> Iterator[dict[str, Any]]:
        """Let contenders do a job while the block does something else; then the results are there."""
        chosen = self._chosen(only)
        for child in chosen.values():
            child.order(job, **members)
        results: dict[str, Any] = {}
        yield results
        for name, child in chosen.items():
            results[name] = child.result()

    def _chosen(self, only: Sequence[str]) -> dict[str, Child]:
        return {name: child for name, child in self._children.items() if not only or name in only}


@contextmanager
def counterpart(module: str, *words: str) -> Iterator[Json]:
    """Run a counterpart; gives what it announces."""
    with spawned("counterpart", module, *words) as child:
        yield child.announcement


@contextmanager
def contest(
    module: str, domain: str, contenders: Sequence[str], card: Json, *options: str
) -> Iterator[Contest]:
    """Start the contenders side by side and end them with the block."""
    words = (module, domain)
    with ExitStack() as stack:
        children = {
            name: stack.enter_context(spawned(name, *words, name, json.dumps(card), *options))
            for name in contenders
        }
        yield Contest(children)


def pick(results: Mapping[str, Sequence[Json]], member: str) -> dict[str, list[float]]:
    """Take one figure out of results that have several."""
    return {name: [each[member] for each in samples] for name, samples in results.items()}


class Progress:
    """Tells on standard error what is being measured: standard output is for the table."""

    def __init__(self) -> None:
        """Start the clock."""
        self._started = time.monotonic()

    def __call__(self, what: str) -> None:
        """Say what comes next."""
        print(f"{time.monotonic() - self._started:5.1f} s  {what}", file=sys.stderr, flush=True)
