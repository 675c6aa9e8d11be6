"""Diagnostics tell much, and nothing secret."""

from typing import Any, override

from homeassistant.components.diagnostics import REDACTED

from tests.support.contract.diagnostics import DiagnosticsContract

from .helpers import NEIGHBOUR, VENDOR


class TestDiagnostics(DiagnosticsContract):
    """What the diagnostics of all vendors do."""

    vendor = VENDOR
    varying = ("link.since", "link.last_login", "versions.home_assistant")
    pictured = NEIGHBOUR

    @override
    def check_device(self, device: dict[str, Any], number: int) -> None:
        raw = device["raw"]
        assert raw["id"] == raw["deviceId"] == f"02-device-{number}"
        assert raw["pid"] == "00-device-1"
        assert raw["permission"] == raw["allowedTime"] == REDACTED
        assert raw["name"] == "Neighbour gate light"
