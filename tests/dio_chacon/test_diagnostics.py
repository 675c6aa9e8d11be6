"""Diagnostics tell much, and nothing secret."""

from typing import Any, override

from homeassistant.components.diagnostics import REDACTED

from tests.support.contract.diagnostics import DiagnosticsContract

from .helpers import DOORBELL, VENDOR


class TestDiagnostics(DiagnosticsContract):
    """What the diagnostics of all vendors do."""

    vendor = VENDOR
    varying = (
        "link.since",
        "link.last_greeting",
        "link.median_answer_s",
        "versions.home_assistant",
    )
    pictured = DOORBELL

    @override
    def check_device(self, device: dict[str, Any], number: int) -> None:
        assert device["record"]["device_id"] == f"device-{number}"
        assert device["record"]["mac"] == REDACTED
