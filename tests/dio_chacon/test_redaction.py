"""The rules of redaction, one by one."""

from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType

from homeassistant.components.diagnostics import REDACTED
import pytest

from custom_components.dio_chacon.redaction import HIDDEN, Redactor


class Word(StrEnum):
    """A text of a closed set."""

    PLAIN = "plain"


@pytest.fixture
def redact() -> Redactor:
    """Return one that knows a few secrets."""
    return Redactor(
        keys={"Password"},
        secrets=["ab", "secret", ""],
        replacements={"id-1": "device-1", "id-12": "device-2"},
    )


def test_mark() -> None:
    """What is hidden looks like what Home Assistant hides."""
    assert HIDDEN == REDACTED


def test_keys(redact: Redactor) -> None:
    """Values go by the name of the member, whatever its letter case; nothing is nothing."""
    assert redact({"password": "x", "PASSWORD": {"deep": 1}, "passwords": "x"}) == {
        "password": HIDDEN,
        "PASSWORD": HIDDEN,
        "passwords": "x",
    }
    assert redact({"password": "", "Password": None}) == {"password": "", "Password": None}


def test_secrets(redact: Redactor) -> None:
    """A secret is found inside of texts, a short one where it stands alone."""
    assert redact(["ab", "cab", "a secret!"]) == [HIDDEN, "cab", f"a {HIDDEN}!"]
    assert Redactor(keys=(), secrets=(), replacements={})("secret") == "secret"


def test_replacements(redact: Redactor) -> None:
    """Ids are replaced alike everywhere, and one may be the beginning of another."""
    found = redact({"id-12": ("id-1", {"id-12"}, frozenset({"/id-1/x"}))})
    assert found == {"device-2": ["device-1", ["device-2"], ["/device-1/x"]]}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see https://user:pw@example.org/x?token=1 now", f"see {HIDDEN} now"),
        ("wss://example.org/ws?sessionToken=r:0", HIDDEN),
        ("from someone+x@mail.example.org.", f"from {HIDDEN}."),
        ("at 02:AA:bb:CC:dd:EE", f"at {HIDDEN}"),
        ("at 02-AA-bb-CC-dd-EE", f"at {HIDDEN}"),
        ("2026-04-02T06:55:10.250Z", "2026-04-02T06:55:10.250Z"),
        (".dio1.wifi.plug.switch.", ".dio1.wifi.plug.switch."),
        ("Wifi: 1.1.2, MCU: 1.1.2", "Wifi: 1.1.2, MCU: 1.1.2"),
    ],
)
def test_telltale_texts(redact: Redactor, text: str, shown: str) -> None:
    """Addresses give themselves away; versions, types and times stay."""
    assert redact(text) == shown


def test_other_values(redact: Redactor) -> None:
    """The rest stays, in forms that JSON can hold."""
    time = datetime(2026, 4, 2, 6, 55, 10, tzinfo=UTC)
    assert redact([1, None, True, 2.5, Word.PLAIN]) == [1, None, True, 2.5, "plain"]
    assert redact(MappingProxyType({"at": time})) == {"at": "2026-04-02T06:55:10+00:00"}
