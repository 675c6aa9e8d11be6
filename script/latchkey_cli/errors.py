"""How the program ends: exit statuses, and a protocol core's errors in words that say what to do."""

from enum import IntEnum


class ExitStatus(IntEnum):
    """What the shell gets to know."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NO_LINK = 3
    REFUSED = 4
    UNCONFIRMED = 5
    INTERRUPTED = 130
    TERMINATED = 143


EXIT_HELP = """\
exit status:
  0    done
  1    the command failed: refused, or not answered
  2    the arguments are wrong: usage, address, file, value, or no such device
  3    there is no connection, or it was lost
  4    the credentials are refused
  5    acknowledged, but the device did not report it in time (with --wait)
  130  interrupted with Ctrl-C
  143  ended with SIGTERM
"""


class CliError(Exception):
    """The program cannot go on; the text tells the user what to do."""

    def __init__(self, message: str, status: ExitStatus) -> None:
        """Keep what the shell gets to know."""
        super().__init__(message)
        self.status = status


# By the names of the classes, which are the same in every protocol core; the nearest one of an error counts.
REMEDIES = {
    "VerificationError": (
        ExitStatus.REFUSED,
        "sign in once with the vendor's app, and enter it there",
    ),
    "AuthError": (ExitStatus.REFUSED, "check the user name and the password"),
    "UnsupportedError": (ExitStatus.USAGE, "see --help"),
    "WrongApplianceError": (ExitStatus.USAGE, "check --host and --appliance"),
    "KeyRefusedError": (
        ExitStatus.REFUSED,
        "check --host; if it is the right one, the appliance was paired anew: fetch a new profile archive",
    ),
    "WrongLinkError": (ExitStatus.NO_LINK, "check --host, its port, and --appliance"),
    "SwitchedOffError": (ExitStatus.NO_LINK, "switch it on at the appliance"),
    "SessionsExhaustedError": (
        ExitStatus.NO_LINK,
        "close the vendor's app or wait; if that does not help unplug the appliance for a minute",
    ),
    "PreconditionError": (ExitStatus.FAILED, "see to that at the appliance, then try again"),
    "ThrottledError": (ExitStatus.NO_LINK, "wait a few minutes before the next attempt"),
    "ConnectError": (
        ExitStatus.NO_LINK,
        "check the network and the server addresses, then try again",
    ),
    "LinkError": (
        ExitStatus.NO_LINK,
        "try again; a command under way may or may not have been done",
    ),
    "UnansweredError": (ExitStatus.FAILED, "whether it was done is not known: look at the device"),
    "DeviceSilentError": (ExitStatus.FAILED, "check that the device has power and its network"),
    "CommandError": (ExitStatus.FAILED, "see whether it was done before trying again"),
    "VendorError": (ExitStatus.FAILED, "try again"),
}


def explained(error: Exception) -> CliError:
    """Put an error of a protocol core into words."""
    names = (cls.__name__ for cls in type(error).__mro__)
    status, remedy = REMEDIES[next(name for name in names if name in REMEDIES)]
    return CliError(f"{error}; {remedy}", status)
