"""Every error of a core ends the program with a status and a remedy."""

import pytest

from custom_components.dio_chacon import protocol
from custom_components.hap_controller import protocol as hap
from custom_components.home_connect_local import protocol as home_connect
from custom_components.homismart import protocol as homismart
from script.latchkey_cli.errors import EXIT_HELP, REMEDIES, ExitStatus, explained


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (protocol.AuthError("refused"), ExitStatus.REFUSED),
        (protocol.UnsupportedError("address"), ExitStatus.USAGE),
        (protocol.ConnectError("unreachable"), ExitStatus.NO_LINK),
        (protocol.ThrottledError("slower", 60), ExitStatus.NO_LINK),
        (protocol.LinkClosedError("closed"), ExitStatus.NO_LINK),
        (protocol.PeerSilentError("silent"), ExitStatus.NO_LINK),
        (protocol.FrameError("garbage"), ExitStatus.NO_LINK),
        (protocol.SessionRefusedError("session"), ExitStatus.NO_LINK),
        (protocol.RefusedError("no", 400), ExitStatus.FAILED),
        (protocol.UnansweredError("silence"), ExitStatus.FAILED),
        (protocol.DeviceSilentError("silence", 504), ExitStatus.FAILED),
        (protocol.SupersededError("later one"), ExitStatus.FAILED),
        (homismart.VerificationError("code"), ExitStatus.REFUSED),
        (homismart.UnansweredError("silence"), ExitStatus.FAILED),
        (homismart.RedirectError("s2.example.org", 0), ExitStatus.NO_LINK),
        (home_connect.KeyRefusedError("TLS failed"), ExitStatus.REFUSED),
        (home_connect.WrongApplianceError("another one"), ExitStatus.USAGE),
        (home_connect.WrongLinkError("plain HTTP"), ExitStatus.NO_LINK),
        (home_connect.SwitchedOffError("it is off"), ExitStatus.NO_LINK),
        (home_connect.SessionsExhaustedError("no session is free"), ExitStatus.NO_LINK),
        (home_connect.PreconditionError(home_connect.Obstacle.DOOR_OPEN), ExitStatus.FAILED),
        (hap.PairingLostError("not known"), ExitStatus.REFUSED),
        (hap.SetupCodeError("wrong code"), ExitStatus.REFUSED),
        (hap.NotAdminError("not an administrator"), ExitStatus.REFUSED),
        (hap.AlreadyPairedError("paired"), ExitStatus.FAILED),
        (hap.BusyError("busy"), ExitStatus.FAILED),
        (hap.BackoffError("later"), ExitStatus.FAILED),
        (hap.MaxTriesError("too many"), ExitStatus.FAILED),
        (hap.MaxPeersError("full"), ExitStatus.FAILED),
        (hap.UnknownPairingError("no reason"), ExitStatus.FAILED),
        (hap.PairingRefusedError("error 9"), ExitStatus.FAILED),
        (hap.StatusError(hap.HapStatus.READ_ONLY), ExitStatus.FAILED),
        (hap.FormatError("not a number"), ExitStatus.USAGE),
        (hap.RecordError("no file"), ExitStatus.USAGE),
        (hap.WrongAccessoryError("another one"), ExitStatus.NO_LINK),
        (hap.SignatureError("signature"), ExitStatus.NO_LINK),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value.name,
)
def test_error_is_explained(error: Exception, status: ExitStatus) -> None:
    """The text is the core's, and what to do follows."""
    told = explained(error)
    assert told.status is status
    assert str(told).startswith(f"{error}; ")
    assert len(str(told)) > len(str(error)) + 5


def test_remedies_name_classes_that_exist() -> None:
    """A name that no core has would never be found."""
    cores = (protocol, homismart, home_connect, hap)
    assert [name for name in REMEDIES if not any(hasattr(core, name) for core in cores)] == []


def test_errors_that_are_new() -> None:
    """A class that a core adds below the base is explained at least in general."""

    class NewError(protocol.VendorError):
        """An error that the table does not name."""

    assert explained(NewError("odd")).status is ExitStatus.FAILED


def test_help_documents_every_status() -> None:
    """What the shell can get is in the help."""
    documented = {int(line.split()[0]) for line in EXIT_HELP.splitlines()[1:]}
    assert documented == set(ExitStatus)
