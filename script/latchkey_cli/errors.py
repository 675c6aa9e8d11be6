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
  4    the credentials are refused: password, key, setup code or pairing
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
    "PairingLostError": (
        ExitStatus.REFUSED,
        "it was reset, or the pairing removed elsewhere: remove-pairing --forget, then pair anew",
    ),
    "AuthError": (ExitStatus.REFUSED, "check the user name and the password"),
    "RecordError": (ExitStatus.USAGE, "name another file"),
    "UnsupportedError": (ExitStatus.USAGE, "see --help"),
    "SetupCodeError": (
        ExitStatus.REFUSED,
        "check it and begin anew; accessories count wrong ones and refuse to pair after a hundred",
    ),
    "NotAdminError": (
        ExitStatus.REFUSED,
        "this pairing is a regular user's: ask a controller that is an administrator",
    ),
    "AlreadyPairedError": (
        ExitStatus.FAILED,
        "remove it from the controller that has it, or reset the accessory",
    ),
    "BusyError": (ExitStatus.FAILED, "end that, or wait a minute"),
    "BackoffError": (ExitStatus.FAILED, "wait a minute before the next attempt"),
    "MaxTriesError": (ExitStatus.FAILED, "restart the accessory, or reset it"),
    "MaxPeersError": (ExitStatus.FAILED, "remove one with list-pairings and remove-pairing -i"),
    "UnknownPairingError": (
        ExitStatus.FAILED,
        "restart the accessory; in adding a controller: its id may be taken by another key",
    ),
    "PairingRefusedError": (ExitStatus.FAILED, "restart the accessory and try again"),
    "SignatureError": (ExitStatus.NO_LINK, "try again; if it stays so, pair the accessory anew"),
    "WrongAccessoryError": (
        ExitStatus.NO_LINK,
        "check --host; without it the accessory is looked for",
    ),
    "FormatError": (ExitStatus.USAGE, "see get-characteristic -m for what it takes"),
    "StatusError": (ExitStatus.FAILED, "see get-accessories for what there is"),
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
