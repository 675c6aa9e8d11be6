"""The name of the project in letters of its own, each a few strokes of one width."""

from collections.abc import Mapping, Sequence

from PIL import Image

from .canvas import Canvas, Colour, Point, arc
from .marks import Mark, draw_mark

type Stroke = Sequence[Point]
type Glyph = tuple[float, Sequence[Stroke]]

# One unit is the height of an x between the middles of its strokes; y grows downwards from there to the baseline at 1.
ASCENDER = -0.62
DESCENDER = 1.55
STROKE = 0.22
GAP = 0.5
_ROUND = 0.5


def _bowl(start: float, end: float) -> Stroke:
    return arc((_ROUND, _ROUND), _ROUND, start, end)


GLYPHS: Mapping[str, Glyph] = {
    "l": (0.0, [[(0, ASCENDER), (0, 1)]]),
    "a": (1.0, [_bowl(0, 360), [(1, 0), (1, 1)]]),
    "t": (
        0.62,
        [[(0.28, -0.42), (0.28, 0.72), *arc((0.56, 0.72), 0.28, 180, 90)], [(0, 0), (0.6, 0)]],
    ),
    "c": (0.86, [_bowl(-45, -315)]),
    "h": (
        0.88,
        [[(0, ASCENDER), (0, 1)], [(0, 0.44), *arc((0.44, 0.44), 0.44, 180, 360), (0.88, 1)]],
    ),
    "k": (0.76, [[(0, ASCENDER), (0, 1)], [(0.72, 0), (0, 0.6)], [(0.26, 0.38), (0.76, 1)]]),
    "e": (1.0, [[(0, _ROUND), (1, _ROUND), *_bowl(0, -318)]]),
    "y": (0.9, [[(0, 0), (0.45, 1)], [(0.9, 0), (0.2, DESCENDER)]]),
}
NAME = "latchkey"
# A logo holds the mark, a gap, and the name.
MARK_GAP = 0.12
X_HEIGHT = 0.3


def draw_logo(mark: Mark, ink: Colour, height: int) -> Image.Image:
    """Draw mark and name side by side."""
    unit = height * X_HEIGHT
    length = sum(GLYPHS[letter][0] + GAP for letter in NAME) - GAP + STROKE
    start = round(height * (1 + MARK_GAP))
    canvas = Canvas(start + round(length * unit), height)
    canvas.paste(draw_mark(mark, height), (0, 0))
    # The letters stand with the house: their middle is the middle of its wall and roof together.
    top = height * 0.54 - unit / 2
    x = start + STROKE / 2 * unit
    for letter in NAME:
        width, strokes = GLYPHS[letter]
        for stroke in strokes:
            points = [(x + dx * unit, top + dy * unit) for dx, dy in stroke]
            canvas.stroke(points, STROKE * unit, ink)
        x += (width + GAP) * unit
    return canvas.finished()
