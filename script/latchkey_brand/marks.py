"""The mark of each component: one house for all, its own colours, and its own thing in the window."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PIL import Image

from .canvas import Canvas, Colour, colour

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


MARKS: Mapping[str, Mark] = {
    "dio_chacon": Mark(
        top=colour("#2ec4b6"), bottom=colour("#0f6f8c"), ink=colour("#0b3c4d"), motif=roller_shutter
    ),
}
"""A new component adds its colours and its motif here."""
