"""Measure the components beside the published clients and the least work the wire leaves.

Prints one table. Figures of two runs cannot be compared, ratios of one run can.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
import json
import os
import platform
import sys

from .children import ChildError
from .conductor import Progress
from .dio_chacon import core as dio_core
from .hap_controller import core as hap_core
from .home_connect_local import core as home_connect_core
from .homismart import core as homismart_core
from .scale import DEFAULT, FULL, SMOKE, Scale
from .table import Row, render

type Measure = Callable[[Scale, Progress], Iterator[Row]]


def parts(*, home_assistant: bool) -> Mapping[str, Measure]:
    """List what can be measured."""
    found: dict[str, Measure] = {
        "dio": dio_core.measure,
        "homismart": homismart_core.measure,
        "home-connect": home_connect_core.measure,
        "hap": hap_core.measure,
    }
    if home_assistant and find_spec("homeassistant"):
        from .ha.dio_chacon import rows as dio_rooms  # noqa: PLC0415  needs Home Assistant
        from .ha.hap_controller import rows as hap_rooms  # noqa: PLC0415
        from .ha.home_connect_local import rows as home_connect_rooms  # noqa: PLC0415
        from .ha.homismart import rows as homismart_rooms  # noqa: PLC0415

        found |= {
            "dio-ha": dio_rooms.measure,
            "homismart-ha": homismart_rooms.measure,
            "home-connect-ha": home_connect_rooms.measure,
            "hap-ha": hap_rooms.measure,
        }
    return found


def main(words: Sequence[str]) -> int:
    """Read the command line and measure; 1 when a contender failed or gave a wrong result."""
    parser = argparse.ArgumentParser(prog="script/benchmark", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--full", action="store_true", help="more of everything, several minutes")
    size.add_argument(
        "--smoke", action="store_true", help="next to nothing: only whether everything runs"
    )
    parser.add_argument("--json", action="store_true", help="print JSON with every sample")
    parser.add_argument(
        "--no-home-assistant", action="store_true", help="measure the protocol cores only"
    )
    parser.add_argument("--only", metavar="PART", help="e.g. hap, homismart-ha or home-connect")
    arguments = parser.parse_args(words)
    scale = FULL if arguments.full else SMOKE if arguments.smoke else DEFAULT
    measures = parts(home_assistant=not arguments.no_home_assistant)
    if arguments.only:
        if arguments.only not in measures:
            parser.error(f"there is no part {arguments.only!r}; there are {', '.join(measures)}")
        measures = {arguments.only: measures[arguments.only]}
    rows: list[Row] = []
    try:
        for measure in measures.values():
            rows += measure(scale, Progress())
    except ChildError as err:
        print(f"benchmark failed: {err}", file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps({"machine": machine(), "rows": [row.as_json() for row in rows]}, indent=1))
    else:
        print(f"{machine()}\n\n{render(rows)}")
    return 0


def machine() -> str:
    """Describe where this runs, without naming the machine."""
    return (
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
