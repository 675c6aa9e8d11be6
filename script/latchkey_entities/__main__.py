"""Write the tables into the page, or compare."""

import argparse
from collections.abc import Sequence
import sys

from .tables import PAGE, ROOT, page_with_tables


def main(words: Sequence[str]) -> int:
    """Write or compare; gives the exit status."""
    parser = argparse.ArgumentParser(prog="script/entities", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare")
    arguments = parser.parse_args(words)
    text = PAGE.read_text(encoding="utf-8")
    wanted = page_with_tables(text)
    if text == wanted:
        return 0
    name = PAGE.relative_to(ROOT)
    if arguments.check:
        print(f"{name} is out of date: run script/entities", file=sys.stderr)
        return 1
    PAGE.write_text(wanted, encoding="utf-8")
    print(f"Wrote {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
