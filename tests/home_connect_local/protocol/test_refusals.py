"""Errors that only appliances have: each can be built, has a text and stands where its remedy is."""

import pytest

from custom_components.home_connect_local.protocol import refusals
from custom_components.home_connect_local.protocol.errors import (
    ConnectError,
    FrameError,
    LinkClosedError,
    LinkError,
    ThrottledError,
    VendorError,
)
from custom_components.home_connect_local.protocol.refusals import (
    KeyRefusedError,
    PeerClosedError,
    SealError,
    SealFailure,
    SessionsExhaustedError,
    SwitchedOffError,
    Unreadable,
    UnreadableError,
    WrongApplianceError,
    WrongLinkError,
)
from tests.rules.shape import error_classes

ERRORS = [
    SealError(SealFailure.MAC),
    UnreadableError(Unreadable.JSON),
    KeyRefusedError("reason"),
    WrongLinkError("reason"),
    SwitchedOffError("reason"),
    WrongApplianceError("reason"),
    SessionsExhaustedError("reason"),
    PeerClosedError("reason"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_can_be_built(error: Exception) -> None:
    """Each is a VendorError with a docstring and a text."""
    assert isinstance(error, VendorError)
    assert type(error).__doc__
    assert str(error).strip()


def test_no_error_is_forgotten() -> None:
    """The list above names all."""
    assert {type(error) for error in ERRORS} == set(error_classes(refusals))


@pytest.mark.parametrize(
    ("cls", "base"),
    [
        (SealError, FrameError),
        (KeyRefusedError, ConnectError),
        (WrongLinkError, ConnectError),
        (WrongApplianceError, ConnectError),
        (SwitchedOffError, ConnectError),
        (SessionsExhaustedError, ThrottledError),
        (PeerClosedError, LinkClosedError),
    ],
)
def test_remedies(cls: type[Exception], base: type[Exception]) -> None:
    """All but the unreadable message end the link."""
    assert issubclass(cls, base)
    assert issubclass(base, LinkError)
    assert not issubclass(UnreadableError, LinkError)


def test_what_they_carry() -> None:
    """Kinds, codes and waits (§5.1, §5.3)."""
    assert SealError(SealFailure.MAC).kind == "mac_failure"
    assert not SealError(SealFailure.MAC).first
    assert SealError(SealFailure.PADDING, first=True).first
    assert UnreadableError(Unreadable.DECODE).kind == "decode_error"
    assert SessionsExhaustedError("no slot").retry_after_s == 60
    assert SessionsExhaustedError("no slot", 90).retry_after_s == 90
    assert PeerClosedError("closed").code == 1006
    assert PeerClosedError("closed", 1000).code == 1000
