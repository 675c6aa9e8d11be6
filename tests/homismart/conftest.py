"""A simulated cloud with the fixture account, and an entry that uses it."""

import pytest

from simulators.homismart import Home, Pace, SimulatedCloud
from tests.common import load_vectors
from tests.support.fixtures import *  # noqa: F403  Fixtures, of which pytest knows by their names
from tests.support.vendor import Vendor

from .helpers import VENDOR


@pytest.fixture
def vendor() -> Vendor:
    """Return what shared fixtures and tests have to know."""
    return VENDOR


@pytest.fixture
def home() -> Home:
    """Return the fixture account: two hubs, one off line, every kind of device, one shared, one unknown."""
    return Home.from_fixture(
        load_vectors("homismart", "devices"), pace=Pace(speed=100, reaction_s=1.0)
    )


@pytest.fixture
def cloud(peer: SimulatedCloud) -> SimulatedCloud:
    """Return the simulator, which is a cloud."""
    return peer
