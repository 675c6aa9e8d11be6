"""Fixtures of the tests that open sockets."""

from pathlib import Path

import pytest

from tests.support.certificates import Authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Give an authority that signs certificates for this run."""
    folder: Path = tmp_path_factory.mktemp("certificates")
    return Authority(folder)
