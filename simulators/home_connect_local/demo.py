"""The appliances to start with: one of each kind that there are files of."""

from pathlib import Path

from .profile import Profile

_FOLDER = Path(__file__).with_name("profiles")
# In the order in which a household shows them.
_HEADS = {
    "dishwasher": "BOSCH-SYN0DW01-68A40E530001",
    "washer": "SIEMENS-SYN0WM02-68A40E530002",
    "oven": "000000000000000303",
    "hood": "BOSCH-SYN0HD04-68A40E530004",
    "coffee_maker": "SIEMENS-SYN0CM05-68A40E530005",
    "fridge_freezer": "BOSCH-SYN0FF06-68A40E530006",
    "hob": "GAGGENAU-SYN0HB07-68A40E530007",
}
# Read with the module, since a running event loop must not wait for files.
PROFILES = {name: Profile.read(_FOLDER / f"{head}.json") for name, head in _HEADS.items()}


def profile_of(name: str) -> Profile:
    """Find one of the profiles by the name or id of the appliance. Raises LookupError."""
    for known, profile in PROFILES.items():
        if name in {known, profile.ha_id}:
            return profile
    raise LookupError(f"there is no appliance {name!r}; there are: {', '.join(PROFILES)}")
