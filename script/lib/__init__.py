"""What the scripts share; standard library only, for any Python from 3.9 on."""

import sys

if sys.version_info < (3, 9):
    raise SystemExit("Python 3.9 or newer is needed to run the scripts")
