"""An integration that is nothing but the limit's conversation and plain entities."""

from ..bare import VERSION, data_for, switches

__all__ = ["DOMAIN", "VERSION", "entry_data", "switches"]

DOMAIN = "home_connect_bare"
entry_data = data_for("limit")
