"""The actions, down to what is asked; and what is said when they fail."""

import json
from pathlib import Path
from typing import Any

from homeassistant.auth.models import User
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import (
    HomeAssistantError,
    ServiceValidationError,
    Unauthorized,
    UnknownUser,
)
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.service import async_get_all_descriptions
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.hap_controller import services
from custom_components.hap_controller.const import DOMAIN
from custom_components.hap_controller.protocol import ControllerPermission, HapStatus
from custom_components.hap_controller.protocol.pairing import Pairing
from tests.rules import texts

from .living import Json, Living, accessory, characteristic, service

COMPONENT = Path(services.__file__).parent
LAMP = [
    accessory("Bridge"),
    accessory(
        "Lamp",
        service(
            "LIGHTBULB",
            characteristic("ON", False, iid=100),
            characteristic("BRIGHTNESS", 40, iid=101, minStep=10),
            characteristic("LOGS", "AAE=", iid=102, format="tlv8", perms=["pr", "pw", "wr"]),
            characteristic("NAME", "Lamp", iid=103),
            characteristic("PROGRAMMABLE_SWITCH_EVENT", iid=104),
            characteristic("LOCK_CONTROL_POINT", iid=105, perms=["pw"]),
        ),
        aid=2,
    ),
]
KEY = bytes(range(32))
OTHER = "00000000-1111-2222-3333-444444444444"


@pytest.fixture
def accessories() -> list[Json]:
    """Give a lamp behind a bridge."""
    return LAMP


def device_of(hass: HomeAssistant, entry: MockConfigEntry, aid: int = 2) -> str:
    """Return the id of the device of an accessory."""
    (device,) = (
        device
        for device in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
        if entry.runtime_data.devices.aid_of(device) == aid
    )
    return device.id


async def call(
    hass: HomeAssistant, entry: MockConfigEntry, name: str, *, answers: bool = False, **data: Any
) -> Any:
    """Perform an action on the lamp."""
    return await hass.services.async_call(
        DOMAIN,
        name,
        {"device_id": device_of(hass, entry), **data},
        blocking=True,
        return_response=answers,
    )


async def fails(hass: HomeAssistant, entry: MockConfigEntry, name: str, **data: Any) -> str:
    """Perform an action that must fail with a translated error; gives its key."""
    answers = hass.services.supports_response(DOMAIN, name).value != "none"
    with pytest.raises(HomeAssistantError) as caught:
        await call(hass, entry, name, answers=answers, **data)
    assert caught.value.translation_domain == DOMAIN
    key = str(caught.value.translation_key)
    assert str(caught.value) != key  # there is a text
    return key


async def test_identify(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """The accessory that is meant shows which one it is."""
    await call(hass, loaded, "identify")
    assert living.writes == [(*living.find("ACCESSORY_INFORMATION", "IDENTIFY", aid=2), 1)]


async def test_read_some(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Characteristics are read now, by number or type, and all about them is told."""
    living.set(2, 101, 70)
    asked = len(living.asked("/characteristics"))
    found = await call(
        hass, loaded, "read_characteristics", answers=True, iids=[101], types=["25", "8"]
    )
    assert len(living.asked("/characteristics")) == asked + 1
    brightness, on = found["characteristics"]
    assert brightness == {
        "iid": 101,
        "type": "00000008-0000-1000-8000-0026BB765291",
        "service_iid": 8,
        "service_type": "00000043-0000-1000-8000-0026BB765291",
        "description": "Brightness",
        "format": "int",
        "permissions": ["pr", "pw", "ev"],
        "unit": "percentage",
        "minimum": 0,
        "maximum": 100,
        "step": 10,
        "status": 0,
        "value": 70,
    }
    assert (on["iid"], on["value"]) == (100, False)
    json.dumps(found)


async def test_read_all(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Without a choice all is read that has a value; what cannot be had has its status."""
    living.fail(2, 101, HapStatus.BUSY)
    found = await call(hass, loaded, "read_characteristics", answers=True)
    told = {each["iid"]: (each["value"], each["status"]) for each in found["characteristics"]}
    assert told[100] == (False, 0)
    assert told[101] == (40, HapStatus.BUSY)
    assert told[103] == ("Lamp", 0)
    assert not {104, 105} & told.keys()
    assert found["characteristics"][0]["description"] == "Manufacturer"
    living.unreachable(2)
    assert await fails(hass, loaded, "read_characteristics", iids=100) == "unreachable"


async def test_write(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """What is written is what the accessory takes, and is given back; some answer a write."""
    for iid, value, written, answer in (
        (100, True, 1, None),
        (100, "off", 0, None),
        (101, 44, 40, None),
        (101, "75", 80, None),
        (101, 1000, 100, None),
        (102, "AQEB", "AQEB", "AQEB"),
    ):
        found = await call(
            hass, loaded, "write_characteristic", answers=True, iid=float(iid), value=value
        )
        assert living.writes[-1] == (2, iid, written)
        assert found == {"written": written, "answer": answer}
    await call(hass, loaded, "write_characteristic", iid=100, value=True)
    assert len(living.writes) == 7


async def test_refusals(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """What cannot be is said before the accessory is asked for it."""
    asked = len(living.requests)
    for name, data, key in (
        ("read_characteristics", {"iids": [999]}, "no_such_characteristic"),
        ("read_characteristics", {"types": ["26"]}, "no_such_characteristic"),
        ("read_characteristics", {"types": ["nonsense"]}, "no_such_characteristic"),
        ("read_characteristics", {"iids": [105]}, "not_readable"),
        ("write_characteristic", {"iid": 999, "value": 1}, "no_such_characteristic"),
        ("write_characteristic", {"iid": 103, "value": "x"}, "not_writable"),
        ("write_characteristic", {"iid": 100, "value": "maybe"}, "wrong_format"),
        ("write_characteristic", {"iid": 101, "value": "bright"}, "wrong_format"),
        ("write_characteristic", {"iid": 102, "value": "%"}, "wrong_format"),
    ):
        assert await fails(hass, loaded, name, **data) == key
    assert len(living.requests) == asked
    assert await fails(hass, loaded, "remove_pairing", controller_id=OTHER) == "no_such_pairing"
    assert len(living.requests) == asked + 1


async def test_refused_write(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """What the accessory refuses is said with its reason."""
    living.fail(2, 100, HapStatus.NOT_ALLOWED)
    assert await fails(hass, loaded, "write_characteristic", iid=100, value=1) == "not_allowed"


async def test_pairings(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Who may talk to the accessory is listed, and can be changed, but for Home Assistant itself."""
    own = living.keys.controller_id
    await call(hass, loaded, "add_pairing", controller_id=OTHER, public_key=KEY.hex().upper())
    assert living.register.pairings[OTHER] == Pairing(OTHER, KEY, ControllerPermission(0))
    found = await call(hass, loaded, "list_pairings", answers=True)
    assert found["pairings"] == [
        {
            "controller_id": own,
            "public_key": living.keys.controller_ltpk.hex(),
            "admin": True,
            "own": True,
        },
        {"controller_id": OTHER, "public_key": KEY.hex(), "admin": False, "own": False},
    ]
    await call(hass, loaded, "add_pairing", controller_id=OTHER, public_key=KEY.hex(), admin=True)
    assert living.register.pairings[OTHER].admin
    await call(hass, loaded, "remove_pairing", controller_id=OTHER)
    assert list(living.register.pairings) == [own]
    assert await fails(hass, loaded, "remove_pairing", controller_id=own) == "own_pairing"
    key = await fails(hass, loaded, "add_pairing", controller_id=own, public_key=KEY.hex())
    assert key == "own_pairing"
    assert list(living.register.pairings) == [own]


async def test_not_an_administrator(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """An accessory that knows Home Assistant as a guest only says so."""
    own = living.register.pairings[living.keys.controller_id]
    other = Pairing(OTHER, KEY, ControllerPermission.ADMIN)
    living.register.pairings = {
        OTHER: other,
        own.controller_id: Pairing(own.controller_id, own.public_key, ControllerPermission(0)),
    }
    assert await fails(hass, loaded, "list_pairings") == "not_admin"


async def test_users(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, hass_read_only_user: User
) -> None:
    """Who may open a door for good is only for administrators of Home Assistant to say."""
    asked = len(living.requests)
    context = Context(user_id=hass_read_only_user.id)
    for name, data in (
        ("list_pairings", {}),
        ("add_pairing", {"controller_id": OTHER, "public_key": KEY.hex()}),
        ("remove_pairing", {"controller_id": OTHER}),
    ):
        with pytest.raises(Unauthorized):
            await hass.services.async_call(
                DOMAIN,
                name,
                {"device_id": device_of(hass, loaded), **data},
                blocking=True,
                context=context,
                return_response=name == "list_pairings",
            )
    assert len(living.requests) == asked


async def test_users_of_entities(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    living: Living,
    hass_read_only_user: User,
    hass_admin_user: User,
) -> None:
    """Whoever may not operate the entities of a device cannot do so by its numbers either, but may look."""
    device_id = device_of(hass, loaded)
    written = len(living.writes)

    async def act(name: str, user_id: str, **data: Any) -> Any:
        return await hass.services.async_call(
            DOMAIN,
            name,
            {"device_id": device_id, **data},
            blocking=True,
            context=Context(user_id=user_id),
            return_response=name == "read_characteristics",
        )

    on = living.find("LIGHTBULB", "ON")[1]
    for name, data in (("write_characteristic", {"iid": on, "value": True}), ("identify", {})):
        with pytest.raises(Unauthorized):
            await act(name, hass_read_only_user.id, **data)
        with pytest.raises(UnknownUser):
            await act(name, "nobody", **data)
        assert len(living.writes) == written
    assert await act("read_characteristics", hass_read_only_user.id, iids=[on])
    await act("write_characteristic", hass_admin_user.id, iid=on, value=True)
    assert len(living.writes) == written + 1


async def test_malformed(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """What the fields cannot hold is refused."""
    for name, data in (
        ("write_characteristic", {"iid": 0, "value": 1}),
        ("write_characteristic", {"iid": 100, "value": None}),
        ("add_pairing", {"controller_id": "", "public_key": KEY.hex()}),
        ("add_pairing", {"controller_id": "x" * 37, "public_key": KEY.hex()}),
        ("add_pairing", {"controller_id": OTHER, "public_key": "00"}),
        ("identify", {"iid": 1}),
    ):
        with pytest.raises(vol.Invalid):
            await call(hass, loaded, name, **data)


async def test_devices(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """A device that is no accessory of a loaded entry is refused."""

    async def refused(device_id: str) -> str:
        with pytest.raises(ServiceValidationError) as caught:
            await hass.services.async_call(
                DOMAIN, "identify", {"device_id": device_id}, blocking=True
            )
        return str(caught.value.translation_key)

    assert await refused("nonsense") == "unknown_device"
    stray = dr.async_get(hass).async_get_or_create(
        config_entry_id=loaded.entry_id, identifiers={(DOMAIN, "AA:aid:99")}
    )
    assert await refused(stray.id) == "unknown_device"
    lamp = device_of(hass, loaded)
    await hass.config_entries.async_unload(loaded.entry_id)
    assert await refused(lamp) == "service_config_entry_not_loaded"


async def test_descriptions(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """All actions, and all their fields, are described, with texts and icons."""
    described = (await async_get_all_descriptions(hass))[DOMAIN]
    english = texts.texts_of(COMPONENT)["services"]
    icons = texts.read(COMPONENT / "icons.json")["services"]
    registered = hass.services.async_services_for_domain(DOMAIN)
    assert set(described) == set(registered) == set(english) == set(icons)
    for name, action in registered.items():
        fields = {str(field) for field in action.schema.schema}  # type: ignore[union-attr]
        assert fields == set(described[name]["fields"]) == set(english[name]["fields"])
