"""The list of pairings: as recorded, both roles against each other, and what is refused."""

from contextlib import suppress

from hypothesis import given, strategies as st
import pytest

from custom_components.hap_controller.protocol.const import ControllerPermission, TlvType
from custom_components.hap_controller.protocol.errors import FrameError
from custom_components.hap_controller.protocol.pairing import (
    MisplacedMessageError,
    Pairing,
    Register,
    add_pairing,
    list_pairings,
    read_pairings,
    remove_pairing,
)
from custom_components.hap_controller.protocol.pairing.administration import answer_pairings
from custom_components.hap_controller.protocol.pairing.work import complete
from custom_components.hap_controller.protocol.refusals import (
    PairingMessageError,
    PairingRefusedError,
    TlvError,
    UnknownPairingError,
)
from custom_components.hap_controller.protocol.tlv8 import encode

from .recorded import (
    ADMIN,
    CONTROLLER_ID,
    ITEMS,
    REGULAR,
    VECTORS,
    paired_register,
    pairing_of_vectors,
)

PAIRINGS = VECTORS["pairings"]
SECOND = PAIRINGS["list_response_parsed"][1]


def second(permissions: ControllerPermission = REGULAR) -> Pairing:
    """The second controller of the vectors."""
    return Pairing(SECOND["pairingId"], bytes.fromhex(SECOND["publicKey"]), permissions)


def answered(register: Register, request: bytes, *, admin: bool = True) -> str:
    """Have a request answered."""
    return complete(answer_pairings(register, request, admin=admin)).hex()


def test_pairings_of_the_vectors() -> None:
    """All requests and answers are as recorded, in both roles."""
    each = second()
    register = paired_register()
    added = add_pairing(each.controller_id, each.public_key, each.permissions)
    assert added.hex() == PAIRINGS["add_request"]
    assert answered(register, added) == PAIRINGS["ok_response"]
    assert list_pairings().hex() == PAIRINGS["list_request"]
    listed = answered(register, list_pairings())
    assert listed == PAIRINGS["list_response"]
    pairings = read_pairings(bytes.fromhex(listed))
    assert [
        {
            "pairingId": pairing.controller_id,
            "publicKey": pairing.public_key.hex(),
            "permissions": int(pairing.permissions),
            "controllerType": "admin" if pairing.admin else "regular",
        }
        for pairing in pairings
    ] == PAIRINGS["list_response_parsed"]
    removed = remove_pairing(each.controller_id)
    assert removed.hex() == PAIRINGS["remove_request"]
    assert answered(register, removed) == PAIRINGS["ok_response"]
    assert list(register.pairings) == [CONTROLLER_ID]


def test_list_without_separators() -> None:
    """Some accessories send none; a record without a key is none, one without permissions a regular user's."""
    key = "0320" + "07" * 32
    answer = f"060102010161{key}0b0101" + f"010162{key}" + "010163"
    assert read_pairings(bytes.fromhex(answer)) == [
        Pairing("a", b"\7" * 32, ADMIN),
        Pairing("b", b"\7" * 32, REGULAR),
    ]


def test_adding_again_changes_permissions() -> None:
    """The same id with the same key is updated, with another one refused."""
    register = paired_register()
    each = second()
    answered(register, add_pairing(each.controller_id, each.public_key, REGULAR))
    answered(register, add_pairing(each.controller_id, each.public_key, ADMIN))
    assert register.pairings[each.controller_id].admin
    other = add_pairing(each.controller_id, bytes(range(32)), ADMIN)
    assert answered(register, other) == "060102070101"
    with pytest.raises(UnknownPairingError):
        read_pairings(complete(answer_pairings(register, other, admin=True)))
    assert register.pairings[each.controller_id].public_key == each.public_key


def test_max_peers() -> None:
    """There is room for so many; those that are known can still be changed."""
    register = paired_register()
    register.max_pairings = 16
    for number in range(15):
        assert answered(register, add_pairing(f"{number}", bytes(32), REGULAR)) == "060102"
    assert answered(register, add_pairing("another", bytes(32), REGULAR)) == "060102070104"
    assert answered(register, add_pairing("3", bytes(32), ADMIN)) == "060102"
    assert len(register.pairings) == 16


def test_only_administrators_may() -> None:
    """A regular user is refused whatever it asks."""
    register = paired_register()
    for request in (
        list_pairings(),
        remove_pairing(CONTROLLER_ID),
        add_pairing("x", bytes(32), ADMIN),
    ):
        assert answered(register, request, admin=False) == "060102070102"
    assert list(register.pairings) == [CONTROLLER_ID]


def test_unknown_pairing_is_removed() -> None:
    """Removing what is not there succeeds, and changes nothing."""
    register = paired_register()
    work = answer_pairings(register, remove_pairing("nobody"), admin=True)
    with pytest.raises(StopIteration):
        next(work)
    assert list(register.pairings) == [CONTROLLER_ID]


@pytest.mark.parametrize("by", ["removal", "demotion"])
def test_nobody_stays_without_an_administrator(by: str) -> None:
    """When the last administrator goes, or becomes a regular user, all go."""
    register = paired_register()
    each = second()
    answered(register, add_pairing(each.controller_id, each.public_key, REGULAR))
    own = pairing_of_vectors()
    request = (
        remove_pairing(CONTROLLER_ID)
        if by == "removal"
        else add_pairing(CONTROLLER_ID, own.public_key, REGULAR)
    )
    assert answered(register, request) == "060102"
    assert not register.paired
    assert register.signing_key is not None


@pytest.mark.parametrize(
    "message",
    [
        "",
        "060101",
        "060103000105",
        "060101000100",
        "060101000104",
        "060101000103",
        "060101000103010161" + "0b0100",
        "060101000103010161" + "030107" + "0b0100",
        "060101000103" + "0100" + "0320" + "07" * 32 + "0b0100",
        "060101000103" + "0125" + "61" * 37 + "0320" + "07" * 32 + "0b0100",
        "060101000103010161" + "0320" + "07" * 32,
    ],
)
def test_requests_that_are_none(message: str) -> None:
    """What lacks an item or is of another kind is answered as such."""
    register = paired_register()
    with pytest.raises(MisplacedMessageError) as caught:
        answered(register, bytes.fromhex(message))
    assert caught.value.answer.hex().endswith("070101")
    assert list(register.pairings) == [CONTROLLER_ID]


def test_answers_about_pairings_that_are_none() -> None:
    """Errors are found wherever they stand."""
    with pytest.raises(TlvError):
        read_pairings(b"\6")
    with pytest.raises(PairingMessageError):
        read_pairings(bytes.fromhex("060104"))
    with pytest.raises(PairingRefusedError):
        read_pairings(bytes.fromhex("0701c8"))
    assert read_pairings(b"") == []


@given(st.lists(st.tuples(st.booleans(), ITEMS), max_size=8))
def test_requests_about_pairings(requests: list[tuple[bool, list[tuple[int, bytes]]]]) -> None:
    """Whatever is asked in whatever order, an accessory with pairings has an administrator, and not too many."""
    register = paired_register()
    register.max_pairings = 3
    for admin, items in requests:
        before = dict(register.pairings)
        request = encode([(TlvType.STATE, b"\x01"), *items])
        with suppress(FrameError):
            read_pairings_quietly(complete(answer_pairings(register, request, admin=admin)))
        assert admin or register.pairings == before
        assert len(register.pairings) <= 3
        assert not register.paired or any(each.admin for each in register.pairings.values())


def read_pairings_quietly(data: bytes) -> None:
    """Read an answer, refusals as well."""
    with suppress(PairingRefusedError):
        read_pairings(data)
