"""The component with its usual options, on an appliance as people have them."""

from .ours import DOMAIN, VERSION, entry_data, switches

__all__ = ["DOMAIN", "VERSION", "entry_data", "switches"]
