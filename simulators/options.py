"""Options that several simulators have."""

from argparse import ArgumentTypeError


def positive(text: str) -> float:
    """Read a factor that times are divided by."""
    try:
        value = float(text)
    except ValueError as err:
        raise ArgumentTypeError("not a number") from err
    if not 0 < value < float("inf"):
        raise ArgumentTypeError("not above 0")
    return value
