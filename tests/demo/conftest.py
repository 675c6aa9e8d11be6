"""Let the tests import the demo as script/demo does."""

import sys

from tests.common import TESTS

SCRIPTS = str(TESTS.parent / "script")
if SCRIPTS not in sys.path:
    sys.path.append(SCRIPTS)
