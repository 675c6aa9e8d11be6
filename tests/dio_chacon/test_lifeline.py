"""The life of a link as entities show it: outages, grace, what ends it."""

from typing import Any, override

from homeassistant.const import Platform

from tests.support.contract.lifeline import LinkContract

from .helpers import PLUG, SHUTTER, VENDOR


class TestLink(LinkContract):
    """What the links of all vendors do."""

    vendor = VENDOR
    peer_name = "DIO cloud"
    commands = "/action/"
    cut = {"path": "/action/switch"}
    refusable = (Platform.COVER, "open_cover", SHUTTER, "move")

    @override
    def is_on(self, peer: Any) -> bool:
        return peer.home.device(PLUG).read("oic.r.switch.binary", "value") == 1
