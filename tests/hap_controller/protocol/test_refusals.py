"""Errors that only accessories have: each can be built, has a text and stands where its remedy is."""

import pytest

from custom_components.hap_controller.protocol import refusals
from custom_components.hap_controller.protocol.const import HapStatus, PairingErrorCode
from custom_components.hap_controller.protocol.errors import (
    AuthError,
    CommandError,
    ConnectError,
    FrameError,
    LinkError,
    VendorError,
)
from custom_components.hap_controller.protocol.refusals import (
    AlreadyPairedError,
    AuthTagError,
    BackoffError,
    BusyError,
    CountersExhaustedError,
    HttpError,
    IllegalKeyError,
    InsecureCodeError,
    MalformedCodeError,
    MaxPeersError,
    MaxTriesError,
    NotAdminError,
    PairingLostError,
    PairingMessageError,
    PairingRefusedError,
    ProofError,
    SetupCodeError,
    SetupPayloadError,
    SignatureError,
    StatusError,
    TlvError,
    UnknownPairingError,
    WrongAccessoryError,
    normalised_status,
    setup_refusal,
    status_text,
)
from tests.rules.shape import error_classes

BASES: dict[type[VendorError], type[VendorError]] = {
    TlvError: FrameError,
    HttpError: FrameError,
    AuthTagError: FrameError,
    IllegalKeyError: FrameError,
    PairingMessageError: FrameError,
    SignatureError: LinkError,
    CountersExhaustedError: LinkError,
    WrongAccessoryError: ConnectError,
    PairingLostError: AuthError,
    PairingRefusedError: CommandError,
    UnknownPairingError: PairingRefusedError,
    SetupCodeError: PairingRefusedError,
    ProofError: SetupCodeError,
    NotAdminError: PairingRefusedError,
    BackoffError: PairingRefusedError,
    MaxPeersError: PairingRefusedError,
    MaxTriesError: PairingRefusedError,
    AlreadyPairedError: PairingRefusedError,
    BusyError: PairingRefusedError,
    MalformedCodeError: CommandError,
    InsecureCodeError: CommandError,
    SetupPayloadError: CommandError,
    StatusError: CommandError,
}


@pytest.mark.parametrize(("cls", "base"), BASES.items(), ids=lambda cls: cls.__name__)
def test_errors(cls: type[VendorError], base: type[VendorError]) -> None:
    """Each can be built, says something, and has the remedy of its base."""
    error = StatusError(HapStatus.BUSY) if cls is StatusError else cls("reason")
    assert str(error).strip()
    assert cls.__doc__
    assert cls.__mro__[1] is base


def test_no_error_is_forgotten() -> None:
    """The table above names all."""
    assert set(BASES) == set(error_classes(refusals))


@pytest.mark.parametrize(
    ("code", "cls"),
    [
        (PairingErrorCode.UNKNOWN, UnknownPairingError),
        (PairingErrorCode.AUTHENTICATION, SetupCodeError),
        (PairingErrorCode.BACKOFF, BackoffError),
        (PairingErrorCode.MAX_PEERS, MaxPeersError),
        (PairingErrorCode.MAX_TRIES, MaxTriesError),
        (PairingErrorCode.UNAVAILABLE, AlreadyPairedError),
        (PairingErrorCode.BUSY, BusyError),
        (0, PairingRefusedError),
        (8, PairingRefusedError),
        (255, PairingRefusedError),
    ],
)
def test_refusals_of_pair_setup(code: int, cls: type[PairingRefusedError]) -> None:
    """Every number has its error, also those of tomorrow's firmware (§2.5)."""
    error = setup_refusal(code)
    assert type(error) is cls
    assert error.code == code
    assert cls is not PairingRefusedError or str(code) in str(error)


def test_every_code_has_an_error() -> None:
    """None of the numbers we know is refused as one we do not."""
    assert all(type(setup_refusal(code)) is not PairingRefusedError for code in PairingErrorCode)


def test_backoff() -> None:
    """How long to stay away is kept."""
    error = setup_refusal(PairingErrorCode.BACKOFF, retry_after_s=30)
    assert isinstance(error, BackoffError)
    assert (error.code, error.retry_after_s) == (3, 30)
    assert BackoffError("reason").code == PairingErrorCode.BACKOFF
    assert BackoffError("reason").retry_after_s is None


@pytest.mark.parametrize("code", HapStatus)
def test_status(code: HapStatus) -> None:
    """Each status has words."""
    error = StatusError(code)
    assert error.code == code
    assert str(error) == status_text(code)
    assert "Unknown" not in str(error)


def test_unknown_status() -> None:
    """Nanoleaf sends -6 (§6.6)."""
    assert str(StatusError(-6)) == "Unknown error code: -6"
    assert StatusError(-6).code == -6


@pytest.mark.parametrize(("sent", "meant"), [(70402, -70402), (-70402, -70402), (0, 0), (-6, -6)])
def test_sign_of_status(sent: int, meant: int) -> None:
    """The myQ bridge sends positive numbers (§6.6)."""
    assert normalised_status(sent) == meant
