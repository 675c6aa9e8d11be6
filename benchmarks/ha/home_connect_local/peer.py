"""The published client under the same plain entities: an integration on it cannot be had from the package index."""

import homeconnect_websocket  # type: ignore[import-untyped]  # noqa: F401  without it there is no such contender

from ..bare import VERSION, data_for, switches

__all__ = ["DOMAIN", "VERSION", "entry_data", "switches"]

DOMAIN = "home_connect_bare"
entry_data = data_for("peer")
