"""A simulated cloud with the fixture account, and an entry that uses it."""

import pytest

from simulators.dio_chacon import Home, Pace, SimulatedCloud
from tests.common import load_vectors
from tests.support.fixtures import *  # noqa: F403  Fixtures, of which pytest knows by their names
from tests.support.vendor import Vendor

from .helpers import PASSWORD, VENDOR


@pytest.fixture
def vendor() -> Vendor:
    """Return what shared fixtures and tests have to know."""
    return VENDOR


@pytest.fixture
def home() -> Home:
    """Return the fixture account: every kind of device, one silent, one not connected, one unknown."""
    return Home.from_fixture(
        load_vectors("dio_chacon", "devices"), PASSWORD, pace=Pace(speed=20, reaction_s=0.02)
    )


@pytest.fixture
def cloud(peer: SimulatedCloud) -> SimulatedCloud:
    """Return the simulator, which is a cloud."""
    return peer
