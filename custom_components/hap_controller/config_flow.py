"""placeholder so that Home Assistant loads the component while the flow is being written"""

from homeassistant.config_entries import ConfigFlow

from .const import DOMAIN


class HapConfigFlow(ConfigFlow, domain=DOMAIN):
    """x"""
