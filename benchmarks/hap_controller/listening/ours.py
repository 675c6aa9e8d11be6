"""The protocol core of the component, which is told of changes."""

from collections.abc import Mapping
from typing import Any, override

from custom_components.hap_controller.protocol import ValuesChanged

from ...clouds import Listener
from .. import bridge, ours

_NAMES = {key: str(key[0]) for key in bridge.switched(bridge.lights(bridge.LIGHTS))}


def _nobody(device_id: str, on: bool) -> None:
    """Hear nothing."""


class Client(ours.Client):
    """Our client."""

    def __init__(self, card: Mapping[str, Any], account: Mapping[str, Any]) -> None:
        """Nothing is opened before ``connect``."""
        super().__init__(account)
        self._listener: Listener = _nobody

    @override
    async def connect(self) -> int:
        """Read everything and subscribe to it."""
        known = await super().connect()
        await self.settle()
        self._client.subscribe(self._take)
        return known

    @property
    def connected(self) -> bool:
        """Whether the link is up."""
        return self._client.connected

    def watch(self, listener: Listener) -> None:
        """Have the listener called for every light."""
        self._listener = listener

    async def switch(self, device_id: str, on: bool) -> None:
        """Ask and wait."""
        await self._client.write({(int(device_id), bridge.ON_IID): on})

    def _take(self, change: Any) -> None:
        if type(change) is ValuesChanged:
            for found, value in change.changes:
                self._listener(_NAMES[found.key], value)
