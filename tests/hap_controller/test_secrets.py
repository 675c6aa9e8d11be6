"""Nothing secret is ever shown: whatever happens, and however much of it is logged."""

from base64 import b64encode
from collections.abc import Awaitable, Iterator
from contextlib import suppress
import gc
import json
import logging
import traceback
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import STATE_OFF, STATE_ON, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.helpers.json import ExtendedJSONEncoder
import pytest

from custom_components.hap_controller.const import DOMAIN, SECRET_MEMBERS
from custom_components.hap_controller.diagnostics import async_get_config_entry_diagnostics
from custom_components.hap_controller.protocol import CharacteristicUuid, crypto
from custom_components.hap_controller.protocol.accessory import AccessoryServer
from tests.support.forms import submit
from tests.support.rooms import act, until, until_state

from .forms import CODE, WRONG_CODE, issues, leave, port_of, start, unpaired
from .living import HOST
from .protocol.running import bulb

LAMP = "light.lamp"
PAIRING = "custom_components.hap_controller.protocol.pairing"


class Secrets:
    """Knows what must not be shown, in any spelling, and keeps what was shown."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin with the setup codes."""
        self._hass = hass
        self._codes = {CODE, WRONG_CODE}
        self._keys: set[bytes] = set()
        self._shown: list[str] = []

    def hkdf(self, key: bytes, *args: Any, **kwargs: Any) -> bytes:
        """Derive a key, both ends of which are secret."""
        derived = crypto.hkdf(key, *args, **kwargs)
        self._keys |= {key, derived}
        return derived

    def of_entry(self, entry: Any) -> None:
        """Take the keys of an entry, and who we are to the accessory."""
        self._codes.add(entry.data["iOSPairingId"])
        self._keys.add(bytes.fromhex(entry.data["iOSDeviceLTSK"]))

    def look(self, *more: Any) -> None:
        """Look at all that is there of ours, and at what Home Assistant shows of it."""
        self._shown += [str(each) for each in more]
        gc.collect()
        module = f"custom_components.{DOMAIN}"
        ours = [each for each in gc.get_objects() if type(each).__module__.startswith(module)]
        for each in ours:
            with suppress(AttributeError):  # of what some other test has left half made
                self._shown.append(repr(each))
        self._shown += [
            json.dumps(each.as_dict(), cls=ExtendedJSONEncoder)
            for each in self._hass.states.async_all()
        ]
        self._shown += [
            str(vars(each)) if hasattr(each, "__dict__") else repr(each)
            for each in ir.async_get(self._hass).issues.values()
        ]
        self._shown += [str(each) for each in self._hass.config_entries.flow.async_progress()]

    async def failing(self, awaitable: Awaitable[Any]) -> None:
        """Await something that fails, and look at how."""
        with pytest.raises(HomeAssistantError) as caught:
            await awaitable
        error: BaseException | None = caught.value
        self._shown += traceback.format_exception(caught.value)
        while error is not None:
            self._shown += [repr(error), str(error), str(vars(error))]
            error = error.__cause__

    def found(self, caplog: pytest.LogCaptureFixture) -> set[str]:
        """Give those that were shown or logged, but by what stands for the disk here."""
        logged = [
            caplog.handler.format(each)
            for each in caplog.get_records("call")
            if not each.name.startswith("pytest_homeassistant_custom_component")
        ]
        spellings = {
            spelling: name
            for name in self._codes
            for spelling in (name, name.replace("-", ""), name.lower(), name.upper())
        }
        for key in self._keys:
            named = f"key {key.hex()[:8]}"
            plain = repr(key)[2:-1], b64encode(key).decode(), str(list(key))[1:-1]
            spellings |= dict.fromkeys((key.hex(), key.hex().upper(), *plain), named)
        text = "\n".join((*logged, *self._shown))
        assert len(self._keys) > 10
        return {name for spelling, name in spellings.items() if spelling in text}


@pytest.fixture
def secrets(
    hass: HomeAssistant, socket_enabled: None, network: object, caplog: pytest.LogCaptureFixture
) -> Iterator[Secrets]:
    """Log everything, and know all keys that are made."""
    secrets = Secrets(hass)
    caplog.set_level(logging.DEBUG)
    with (
        patch(f"{PAIRING}.setup.hkdf", secrets.hkdf),
        patch(f"{PAIRING}.verify.hkdf", secrets.hkdf),
        patch(f"{PAIRING}.keys.hkdf", secrets.hkdf),
    ):
        yield secrets


async def _pair(hass: HomeAssistant, secrets: Secrets, result: Any) -> Any:
    """Pair by a form that asks for the code, with the mistakes that people make."""
    assert result["step_id"] == "pair"
    secrets.look(result)
    for wrong in ("not a code", "518-08-5", WRONG_CODE):
        result = await submit(hass, result, {"pairing_code": wrong})
        assert result["errors"]
    secrets.look()
    return await submit(hass, result, {"pairing_code": CODE})


async def test_life_of_a_pairing(
    hass: HomeAssistant, secrets: Secrets, caplog: pytest.LogCaptureFixture
) -> None:
    """From the code to the end, with all that can go wrong between, no code, key or identity of ours is shown."""
    accessory, light = bulb("Lamp")
    async with unpaired("Lamp", accessory) as server:
        result = await start(hass, "manual")
        result = await submit(hass, result, {"host": HOST, "port": port_of(server)})
        entry = (await _pair(hass, secrets, result))["result"]
        await hass.async_block_till_done()
        secrets.of_entry(entry)
        await until_state(hass, LAMP, STATE_OFF)
        light[CharacteristicUuid.ON].value = True
        await until_state(hass, LAMP, STATE_ON)
        await act(hass, Platform.LIGHT, "turn_off", LAMP)
        secrets.look(json.dumps(await async_get_config_entry_diagnostics(hass, entry)))
        await _forgotten(hass, secrets, entry, server)
        await until_state(hass, LAMP, STATE_OFF)
        secrets.look()
    with patch("custom_components.hap_controller.protocol.client.READY_LIMIT_S", 0.01):
        await secrets.failing(_identify(hass, entry))
    # Removed while the accessory is away.
    await hass.config_entries.async_remove(entry.entry_id)
    await until(hass, lambda: "still_paired" in issues(hass))
    secrets.look()
    for name in SECRET_MEMBERS[:3]:
        assert entry.data[name]
    assert secrets.found(caplog) == set()


async def _identify(hass: HomeAssistant, entry: Any) -> None:
    (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    data = {"device_id": device.id}
    await hass.services.async_call(DOMAIN, "identify", data, blocking=True)


async def _forgotten(
    hass: HomeAssistant, secrets: Secrets, entry: Any, server: AccessoryServer
) -> None:
    """Have the accessory reject our key, and pair it again."""
    await server.forget_pairings()

    def forms() -> list[Any]:
        return hass.config_entries.flow.async_progress_by_handler(
            DOMAIN, match_context={"source": SOURCE_REAUTH}
        )

    await until(hass, forms)
    secrets.look(entry.reason)
    await secrets.failing(_identify(hass, entry))
    await leave(hass, forms()[0])
    assert "pairing_lost" in issues(hass)
    secrets.look(json.dumps(await async_get_config_entry_diagnostics(hass, entry)))
    assert not await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    secrets.look(entry.reason)
    (form,) = forms()
    result = await submit(hass, form, {})
    result = await _pair(hass, secrets, result)
    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done()
    secrets.of_entry(entry)
