"""Import what a running Home Assistant has imported: itself and the platforms of entities."""

from importlib import import_module

import homeassistant.bootstrap
import homeassistant.runner  # noqa: F401

PLATFORMS = (
    "binary_sensor",
    "button",
    "climate",
    "cover",
    "datetime",
    "event",
    "fan",
    "image",
    "light",
    "lock",
    "number",
    "select",
    "sensor",
    "switch",
    "time",
    "update",
)

for platform in PLATFORMS:
    import_module(f"homeassistant.components.{platform}")
# Loaded by the first entry of anything, whatever it is.
for module in ("config_validation", "entity_platform", "entity_registry", "restore_state"):
    import_module(f"homeassistant.helpers.{module}")
