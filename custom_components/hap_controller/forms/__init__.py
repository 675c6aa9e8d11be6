"""The forms of the config flow, by what they are about; ``config_flow`` has the ways in."""
