"""An integration that is nothing but the limit's conversation and plain entities."""

from ..bare import VERSION, data_for, switches
from .jobs import HapRoomJobs as Jobs

__all__ = ["DOMAIN", "VERSION", "Jobs", "entry_data", "switches"]

DOMAIN = "hap_bare"
entry_data = data_for("limit")
