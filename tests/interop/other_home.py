"""Another Home Assistant, in a process of its own, that offers its entities as HomeKit accessories."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from ipaddress import ip_address
import json
import os
from pathlib import Path
import re
import subprocess
import sys
from typing import Any, Final

import aiohttp
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo

from custom_components.hap_controller.protocol import SERVICE_TYPE
from script.latchkey_demo.api import Api
from script.latchkey_demo.errors import DemoError
from script.latchkey_demo.home_assistant import prepare
from script.latchkey_demo.ports import LOOPBACK, any_free
from script.latchkey_demo.state import StateFolder

START_LIMIT_S: Final = 90.0
_CODE: Final = re.compile(r"To set up (?P<name>.+?):.*### (?P<code>[0-9-]{10})", re.DOTALL)

CONFIGURATION: Final = """\
homeassistant:
  name: Other home
  time_zone: UTC
  unit_system: metric
  country: FR
api:
onboarding:
websocket_api:
logger:
  default: warning
homekit:
  - name: {bridge}
    port: {bridge_port}
    ip_address: 127.0.0.1
    advertise_ip: 127.0.0.1
    filter:
      include_domains: [alarm_control_panel, binary_sensor, climate, cover, fan, light, sensor, switch]
      include_entities: [{more}]
  - name: {door}
    port: {door_port}
    ip_address: 127.0.0.1
    advertise_ip: 127.0.0.1
    mode: accessory
    filter:
      include_entities: [lock.front_door]
input_boolean:
  heating:
  motion:
  siren:
input_number:
  temperature: {{min: 0, max: 40, step: 0.1, initial: 19.5}}
template:
  - alarm_control_panel:
      name: Alarm
      unique_id: alarm
      code_arm_required: false
      optimistic: true
      arm_away: []
      arm_home: []
      arm_night: []
      disarm: []
    binary_sensor:
      name: Hall
      unique_id: hall
      device_class: motion
      state: "{{{{ is_state('input_boolean.motion', 'on') }}}}"
    cover:
      name: Blind
      unique_id: blind
      optimistic: true
      open_cover: []
      close_cover: []
      set_cover_position: []
    fan:
      name: Fan
      unique_id: fan
      optimistic: true
      turn_on: []
      turn_off: []
      set_percentage: []
    light:
      name: Lamp
      unique_id: lamp
      optimistic: true
      turn_on: []
      turn_off: []
      set_level: []
      set_hs: []
    lock:
      name: Front door
      unique_id: front_door
      optimistic: true
      lock: []
      unlock: []
    sensor:
      name: Cellar
      unique_id: cellar
      device_class: temperature
      unit_of_measurement: °C
      state: "{{{{ states('input_number.temperature') }}}}"
    switch:
      name: Pump
      unique_id: pump
      optimistic: true
      turn_on: []
      turn_off: []
climate:
  - platform: generic_thermostat
    name: Room
    unique_id: room
    heater: input_boolean.heating
    target_sensor: sensor.cellar
    initial_hvac_mode: "off"
    target_temp: 20
"""


class OtherHome:
    """What is known of it: where its web server and its accessories are, and their setup codes."""

    def __init__(self, path: Path) -> None:
        """Choose names and ports; names are announced, and other tests run beside."""
        self._folder = StateFolder(path)
        self._log = path / "home.log"
        self._process: subprocess.Popen[bytes] | None = None
        port, self.bridge_port, self.door_port = any_free(), any_free(), any_free()
        self.bridge, self.door = f"Bridge {port}", f"Door {port}"
        self.codes: Mapping[str, str] = {}
        """Setup codes by the names of what can be paired."""
        prepare(self._folder, [], port)
        self.configure()
        self._url = f"http://{LOOPBACK}:{port}"
        self._api: Api

    def configure(self, *more: str) -> None:
        """Say what there is; ``more`` are entities that the bridge has besides the usual ones."""
        text = CONFIGURATION.format(
            bridge=self.bridge,
            bridge_port=self.bridge_port,
            door=self.door,
            door_port=self.door_port,
            more=", ".join(more),
        )
        (self._folder.config / "configuration.yaml").write_text(text, encoding="utf-8")

    # --- life -------------------------------------------------------------------------------

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let it run until the block ends."""
        words = [sys.executable, "-m", "homeassistant", "-c", str(self._folder.config)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*words, "--skip-pip", "--log-no-color"],
                cwd=self._folder.config,
                env={key: text for key, text in os.environ.items() if key != "PYTHONPATH"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                runner.run(self._settle_in())
            yield
        finally:
            self._process.kill()  # to stop would take longer, and nothing of it is needed any more
            self._process.wait()

    async def _settle_in(self) -> None:
        """Wait until it has started, become its user, and read the setup codes."""
        async with aiohttp.ClientSession() as session:
            self._api = Api(session, self._url)
            async with asyncio.timeout(START_LIMIT_S):
                while not await self._is_up():
                    assert self._process
                    assert self._process.poll() is None, self._log.read_text(encoding="utf-8")
                    await asyncio.sleep(0.05)
                assert await self._api.onboard("Somebody", "somebody", "a password")
                async with self._api.socket() as socket:
                    while len(self.codes) < 2:
                        await asyncio.sleep(0.05)
                        told = await socket.call("persistent_notification/get")
                        found = (_CODE.search(each["message"]) for each in told)
                        self.codes = {each["name"]: each["code"] for each in found if each}

    async def _is_up(self) -> bool:
        try:
            await self._api.request("GET", "/api/onboarding")
        except aiohttp.ClientError, DemoError:
            return False
        return True

    # --- what its user does -----------------------------------------------------------------

    @asynccontextmanager
    async def visited(self) -> AsyncIterator[None]:
        """Have requests sent from the running loop."""
        async with aiohttp.ClientSession() as session:
            self._api.session = session
            yield

    async def act(self, action: str, entity_id: str | None = None, **data: Any) -> None:
        """Perform an action there, ``light.turn_on``."""
        if entity_id is not None:
            data["entity_id"] = entity_id
        await self._api.request("POST", f"/api/services/{action.replace('.', '/')}", json=data)

    async def state(self, entity_id: str) -> Mapping[str, Any]:
        """Give a state as it is there: its attributes, and itself under ``state``."""
        found = await self._api.request("GET", f"/api/states/{entity_id}")
        return {**found["attributes"], "state": found["state"]}

    async def until_state(self, entity_id: str, wanted: Mapping[str, Any]) -> None:
        """Wait until a state there is as it should be."""
        found: Mapping[str, Any] = {}
        try:
            async with asyncio.timeout(60):
                while not wanted.items() <= (found := await self.state(entity_id)).items():
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"{entity_id} is not {wanted} but {found}") from None

    # --- what it announces ------------------------------------------------------------------

    async def announcement(self, accessory_id: str, name: str, port: int) -> ZeroconfServiceInfo:
        """Give what a bridge announces, as it is stored: on loopback Home Assistant announces nothing."""
        memory = await asyncio.to_thread(self._read_memory, accessory_id.upper())
        return ZeroconfServiceInfo(
            ip_address=ip_address(LOOPBACK),
            ip_addresses=[ip_address(LOOPBACK)],
            port=port,
            hostname="other.local.",
            type=SERVICE_TYPE,
            name=f"{name}.{SERVICE_TYPE}",
            properties={
                "id": memory["mac"],
                "c#": str(memory["config_version"]),
                "sf": "0" if memory["paired_clients"] else "1",
                "md": name,
                "ci": "2",
            },
        )

    def _read_memory(self, accessory_id: str) -> dict[str, Any]:
        for path in (self._folder.config / ".storage").glob("homekit.*.state"):
            memory: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if memory["mac"] == accessory_id:
                return memory
        raise LookupError(accessory_id)
