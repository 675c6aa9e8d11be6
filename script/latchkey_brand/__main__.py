"""Draw the artwork of every component into its ``brand`` folder, or compare what is there."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
import sys

from PIL import Image, ImageChops

from .canvas import colour
from .marks import MARKS, Mark, draw_mark
from .wordmark import draw_logo

ROOT = Path(__file__).resolve().parents[2]
LIGHT_INK = colour("#f1f5f6")

DRAWINGS: Mapping[str, Callable[[Mark], Image.Image]] = {
    "icon.png": lambda mark: draw_mark(mark, 256),
    "icon@2x.png": lambda mark: draw_mark(mark, 512),
    "logo.png": lambda mark: draw_logo(mark, mark.ink, 128),
    "logo@2x.png": lambda mark: draw_logo(mark, mark.ink, 256),
    "dark_logo.png": lambda mark: draw_logo(mark, LIGHT_INK, 128),
    "dark_logo@2x.png": lambda mark: draw_logo(mark, LIGHT_INK, 256),
}
"""By the names that Home Assistant serves; the icon does for light and dark."""

# Releases of the library may round the smoothing of an edge differently.
TOLERANCE = 2


def brand_folder(domain: str) -> Path:
    """Return the folder of a component's artwork."""
    return ROOT / "custom_components" / domain / "brand"


def differs(path: Path, wanted: Image.Image) -> bool:
    """Tell whether a file is missing or shows something else."""
    if not path.is_file():
        return True
    with Image.open(path) as found:
        if found.size != wanted.size or found.mode != wanted.mode:
            return True
        difference = ImageChops.difference(found, wanted)
    highest = max(max(band.tobytes()) for band in difference.split())
    return highest > TOLERANCE


def main(words: Sequence[str]) -> int:
    """Draw or compare; gives the exit status."""
    parser = argparse.ArgumentParser(prog="script/brand", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare")
    arguments = parser.parse_args(words)
    different = 0
    for domain, mark in MARKS.items():
        for name, draw in DRAWINGS.items():
            path, picture = brand_folder(domain) / name, draw(mark)
            if not differs(path, picture):
                continue
            different += 1
            if arguments.check:
                print(f"Differs: {path.relative_to(ROOT)}")
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                picture.save(path, optimize=True)
                print(f"Drew {path.relative_to(ROOT)}")
    if different and arguments.check:
        print("Run script/brand to draw them", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
