"""The life of a link as entities show it: outages, grace, what ends it."""

from typing import Any, override

from homeassistant.const import Platform

from tests.support.contract.lifeline import LinkContract

from .helpers import BOILER, COMMANDS, CURTAIN, VENDOR


class TestLink(LinkContract):
    """What the links of all vendors do."""

    vendor = VENDOR
    peer_name = "Homismart cloud"
    commands = COMMANDS
    cut = {"prefix": "0006"}
    refusable = (Platform.COVER, "stop_cover", CURTAIN, "stop")

    @override
    def is_on(self, peer: Any) -> bool:
        return peer.home.device(BOILER).members["power"] is True
