"""Run the demo or its check."""

import signal
import sys


def start() -> int:
    """Run the program; whoever interrupts its imports sees no traceback."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from .program import main

    return main()


if __name__ == "__main__":
    sys.exit(start())
