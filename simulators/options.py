"""Options that several simulators have."""

from argparse import ArgumentParser, ArgumentTypeError


def add_cloud_options(
    parser: ArgumentParser, account: str, default: str, password: str, *, progress: str
) -> None:
    """Add the options of a cloud with one account, whose option is ``account``.

    ``progress`` tells what is known of reports on the way.
    """
    parser.add_argument(account, default=default, help="address of the account (%(default)s)")
    parser.add_argument("--password", default=password, help="password of the account")
    parser.add_argument(
        "--devices", type=int, metavar="N", help="serve N plain devices instead of the demo home"
    )
    parser.add_argument(
        "--speed",
        type=positive,
        default=1.0,
        help="how much faster than real devices react and move",
    )
    parser.add_argument("--progress", type=float, default=0.0, metavar="SECONDS", help=progress)


def positive(text: str) -> float:
    """Read a factor that times are divided by."""
    try:
        value = float(text)
    except ValueError as err:
        raise ArgumentTypeError("not a number") from err
    if not 0 < value < float("inf"):
        raise ArgumentTypeError("not above 0")
    return value
