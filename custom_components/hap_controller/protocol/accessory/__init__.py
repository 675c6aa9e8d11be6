"""The accessory role: serve lights, locks and bridges of one's own to any controller.

    lamp = Accessory("Lamp", category=5)
    bulb = lamp.add_service(ServiceUuid.LIGHTBULB)
    bulb[CharacteristicUuid.ON].setter = lambda on: print("on" if on else "off")
    state = await AccessoryState.open("lamp.json", name="Lamp")
    async with AccessoryServer(lamp, state) as server:
        print(server.setup_code)
        await server.serve_forever()

Setting ``bulb[CharacteristicUuid.ON].value`` tells every controller that has subscribed. Getters and setters may be
plain or coroutine functions; a ``StatusError`` from them is told as it is. docs/hap_controller/bulb.py can be run.

For those who come from homekit_python: its state file is ours; ``publish_device`` is ``start``, ``unpublish_device``
and ``shutdown`` are ``stop``, ``set_identify_callback`` is ``identify`` of the accessory, ``add_accessory`` is that of
a ``Bridge``, and callbacks are ``getter`` and ``setter`` of a characteristic.
"""

from ..catalogue import CharacteristicUuid, ServiceUuid
from ..const import HapStatus
from ..refusals import StatusError
from ..values import Metadata
from .definition import Accessory, Bridge, Characteristic, Service
from .server import AccessoryServer
from .state import AccessoryState, StateFileError

__all__ = [
    "Accessory",
    "AccessoryServer",
    "AccessoryState",
    "Bridge",
    "Characteristic",
    "CharacteristicUuid",
    "HapStatus",
    "Metadata",
    "Service",
    "ServiceUuid",
    "StateFileError",
    "StatusError",
]
