"""DIO Chacon: shutters, light switches, plugs and doorbells on the vendor's cloud."""

from .entry import (
    async_remove_config_entry_device,
    async_remove_entry,
    async_setup_entry,
    async_unload_entry,
)

__all__ = [
    "async_remove_config_entry_device",
    "async_remove_entry",
    "async_setup_entry",
    "async_unload_entry",
]
