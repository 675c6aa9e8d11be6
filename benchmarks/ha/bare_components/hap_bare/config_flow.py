"""A flow that is never started; an entry needs one to exist."""

from homeassistant.config_entries import ConfigFlow


class BareConfigFlow(ConfigFlow, domain="hap_bare"):
    """Nothing to ask."""
