"""A child for the tests."""

import asyncio
from collections.abc import Sequence
import os
import sys
import time

from benchmarks.jobs import serve


def main(words: Sequence[str]) -> None:
    """Answer until nobody asks any more."""

    async def double(number: int) -> int:
        return 2 * number

    async def fail() -> float:
        return 1 / len("")

    async def die() -> None:
        sys.stderr.write("last words\n")
        sys.stderr.flush()
        os._exit(3)

    async def sleep() -> None:
        time.sleep(0.5)

    async def process() -> int:
        return os.getpid()

    async def own_words() -> list[str]:
        return list(words)

    jobs = {
        "double": double,
        "fail": fail,
        "die": die,
        "sleep": sleep,
        "process": process,
        "words": own_words,
    }
    asyncio.run(serve(jobs, {"ready": True}))


if __name__ == "__main__":
    main(sys.argv[1:])
