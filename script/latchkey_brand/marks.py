"""The mark of each component: one house for all, its own colours, and its own thing in the window."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PIL import Image

from .canvas import Canvas, Colour, Point, colour

WHITE = colour("#ffffff")
GLOW = colour("#ffd166")

# All places below are parts of the width of the mark.
ROOF = ((0.5, 0.115), (0.905, 0.44), (0.905, 0.885), (0.095, 0.885), (0.095, 0.44))
ROUNDING = 0.07
WINDOW = (0.245, 0.375, 0.755, 0.85)


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What tells one component from the others."""

    top: Colour
    bottom: Colour
    """The house, from the ridge to the ground."""
    ink: Colour
    """What is drawn on light surfaces, and the keyhole."""
    motif: Callable[[Canvas, float, Mark], None]
    """Draws into the window of a house of this width."""


def draw_mark(mark: Mark, size: int) -> Image.Image:
    """Draw the mark as a square of ``size`` pixels."""
    canvas = Canvas(size, size)
    canvas.rounded_polygon([(x * size, y * size) for x, y in ROOF], ROUNDING * size, mark.bottom)
    canvas.shade(mark.top, mark.bottom)
    mark.motif(canvas, size, mark)
    return canvas.finished()


def keyhole(canvas: Canvas, centre: tuple[float, float], height: float, fill: Colour) -> None:
    """Draw a keyhole around a place."""
    x, y = centre
    radius = height * 0.29
    eye = y - height / 2 + radius
    canvas.disc((x, eye), radius, fill)
    foot = y + height / 2
    half_top, half_foot = radius * 0.45, radius * 0.85
    corner = radius * 0.16
    canvas.rounded_polygon(
        [
            (x - half_top + corner, eye),
            (x + half_top - corner, eye),
            (x + half_foot - corner, foot - corner),
            (x - half_foot + corner, foot - corner),
        ],
        corner,
        fill,
    )


def roller_shutter(canvas: Canvas, size: float, mark: Mark) -> None:
    """Draw a shutter halfway down over a lit window with a keyhole."""
    left, top, right, bottom = (part * size for part in WINDOW)
    slats, slat, gap, radius = 2, 0.06 * size, 0.02 * size, 0.03 * size
    box = top + 0.078 * size
    curtain = box + slats * (slat + gap)
    canvas.rounded_box((left, top, right, bottom), radius, GLOW)
    canvas.box((left, box, right, curtain), mark.ink)
    for number in range(slats):
        lower = box + (number + 1) * (slat + gap)
        canvas.rounded_box((left, lower - slat, right, lower), slat * 0.2, WHITE)
    canvas.rounded_box((left - radius, top, right + radius, box), radius, WHITE)
    middle = (left + right) / 2, (curtain + bottom) / 2
    keyhole(canvas, middle, (bottom - curtain) * 0.76, mark.ink)


def parted_curtains(canvas: Canvas, size: float, mark: Mark) -> None:
    """Draw two curtains drawn apart from a lit window with a keyhole."""
    left, top, right, bottom = (part * size for part in WINDOW)
    rod, radius = top + 0.07 * size, 0.03 * size
    middle = (left + right) / 2
    canvas.rounded_box((left, top, right, bottom), radius, GLOW)
    for edge, side in ((left, 1), (right, -1)):
        # Gathered at two thirds of the height, where the fabric is narrowest.
        inner = edge + side * 0.2 * size
        waist, hem = edge + side * 0.085 * size, edge + side * 0.135 * size
        gathered = rod + (bottom - rod) * 0.64
        canvas.polygon(
            [(edge, rod), (inner, rod), *_drape((inner, rod), (waist, gathered)), (edge, gathered)],
            WHITE,
        )
        canvas.polygon([(edge, gathered), (waist, gathered), (hem, bottom), (edge, bottom)], WHITE)
        canvas.box(
            (min(edge, waist), gathered - 0.012 * size, max(edge, waist), gathered + 0.012 * size),
            mark.ink,
        )
    canvas.rounded_box((left - radius, top, right + radius, rod), radius, WHITE)
    keyhole(canvas, (middle, rod + (bottom - rod) * 0.6), (bottom - rod) * 0.5, mark.ink)


def _drape(start: Point, end: Point) -> list[Point]:
    """Give points along the edge of a curtain that falls from ``start`` and is gathered at ``end``."""
    (x1, y1), (x2, y2) = start, end
    steps = (step / 12 for step in range(13))
    return [(x1 + (x2 - x1) * part**2.2, y1 + (y2 - y1) * part) for part in steps]


def washing_machine(canvas: Canvas, size: float, mark: Mark) -> None:
    """Draw an appliance with a lit round door and a keyhole in it."""
    left, top, right, bottom = (part * size for part in WINDOW)
    panel, knob = top + 0.1 * size, 0.022 * size
    middle = (left + right) / 2, (panel + bottom) / 2
    canvas.rounded_box((left, top, right, bottom), 0.04 * size, WHITE)
    canvas.box((left, panel - 0.006 * size, right, panel + 0.006 * size), mark.ink)
    canvas.disc((right - 0.06 * size, (top + panel) / 2), knob, mark.ink)
    for number in range(2):
        x = left + (0.045 + number * 0.085) * size
        y = (top + panel) / 2
        canvas.rounded_box((x, y - 0.012 * size, x + 0.06 * size, y + 0.012 * size), 0, mark.ink)
    radius = (bottom - panel) * 0.42
    canvas.disc(middle, radius, mark.ink)
    canvas.disc(middle, radius * 0.8, GLOW)
    keyhole(canvas, middle, radius * 1.05, mark.ink)


def answering_door(canvas: Canvas, size: float, mark: Mark) -> None:
    """Draw a door with a keyhole, and the waves by which it is heard all around."""
    left, top, right, bottom = (part * size for part in WINDOW)
    middle = (left + right) / 2
    canvas.rounded_box((left, top, right, bottom), 0.03 * size, GLOW)
    # From the outermost inwards, each wave half covered by the gap behind it.
    radius, step = 0.2 * size, 0.042 * size
    centre = middle, top + 0.235 * size
    for number in range(3):
        fill = mark.ink if number % 2 == 0 else GLOW
        canvas.disc(centre, radius - number * step, fill)
    canvas.box((left, centre[1], right, bottom), GLOW)
    width, head = 0.135 * size, centre[1] - 0.04 * size
    canvas.rounded_box((middle - width, head, middle + width, bottom), 0.03 * size, WHITE)
    canvas.box((middle - width, bottom - 0.05 * size, middle + width, bottom), WHITE)
    keyhole(canvas, (middle, (head + bottom) / 2), (bottom - head) * 0.62, mark.ink)


MARKS: Mapping[str, Mark] = {
    "dio_chacon": Mark(
        top=colour("#2ec4b6"), bottom=colour("#0f6f8c"), ink=colour("#0b3c4d"), motif=roller_shutter
    ),
    "hap_controller": Mark(
        top=colour("#7fc8f8"),
        bottom=colour("#2563c9"),
        ink=colour("#132c66"),
        motif=answering_door,
    ),
    "home_connect_local": Mark(
        top=colour("#ff9e6d"),
        bottom=colour("#c2413b"),
        ink=colour("#571c22"),
        motif=washing_machine,
    ),
    "homismart": Mark(
        top=colour("#a78bfa"),
        bottom=colour("#4c3fa8"),
        ink=colour("#2b2163"),
        motif=parted_curtains,
    ),
}
"""A new component adds its colours and its motif here."""
