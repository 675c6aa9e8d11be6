"""Shapes on a picture: drawn large without smoothing, then made small, which smooths every edge alike."""

from collections.abc import Sequence
from itertools import pairwise
import math
from typing import Self

from PIL import Image, ImageDraw

OVERSIZE = 8

type Colour = tuple[int, int, int, int]
type Point = tuple[float, float]
type Box = tuple[float, float, float, float]


def colour(text: str) -> Colour:
    """Read ``#rrggbb``, opaque."""
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return red, green, blue, 255


class Canvas:
    """A transparent picture; lengths and places are in pixels of the finished one."""

    def __init__(self, width: int, height: int) -> None:
        """Start empty."""
        self.size = width, height
        self._image = Image.new("RGBA", (width * OVERSIZE, height * OVERSIZE), (0, 0, 0, 0))
        self._draw = ImageDraw.Draw(self._image)

    def finished(self) -> Image.Image:
        """Give the picture in its true size."""
        return self._image.resize(self.size, Image.Resampling.BOX)

    def box(self, box: Box, fill: Colour) -> Self:
        """Fill a rectangle."""
        self._draw.rectangle(_scaled(box), fill=fill)
        return self

    def rounded_box(self, box: Box, radius: float, fill: Colour) -> Self:
        """Fill a rectangle with round corners."""
        self._draw.rounded_rectangle(_scaled(box), radius * OVERSIZE, fill=fill)
        return self

    def disc(self, centre: Point, radius: float, fill: Colour) -> Self:
        """Fill a circle."""
        x, y = centre
        self._draw.ellipse(_scaled((x - radius, y - radius, x + radius, y + radius)), fill=fill)
        return self

    def polygon(self, points: Sequence[Point], fill: Colour) -> Self:
        """Fill a polygon."""
        self._draw.polygon([(x * OVERSIZE, y * OVERSIZE) for x, y in points], fill=fill)
        return self

    def stroke(self, points: Sequence[Point], width: float, fill: Colour) -> Self:
        """Draw a line with round ends and corners."""
        for (x1, y1), (x2, y2) in pairwise(points):
            length = math.hypot(x2 - x1, y2 - y1) or 1
            dx, dy = (y1 - y2) / length * width / 2, (x2 - x1) / length * width / 2
            corners = [
                (x1 + dx, y1 + dy),
                (x2 + dx, y2 + dy),
                (x2 - dx, y2 - dy),
                (x1 - dx, y1 - dy),
            ]
            self.polygon(corners, fill)
        for point in points:
            self.disc(point, width / 2, fill)
        return self

    def rounded_polygon(self, points: Sequence[Point], radius: float, fill: Colour) -> Self:
        """Fill a polygon and everything within ``radius`` of it."""
        return self.polygon(points, fill).stroke([*points, points[0]], 2 * radius, fill)

    def shade(self, top: Colour, bottom: Colour) -> Self:
        """Colour whatever was drawn so far, from top to bottom of it."""
        box = self._image.getbbox() or (0, 0, 1, 1)
        slope = Image.new("RGBA", self._image.size)
        lines = ImageDraw.Draw(slope)
        for y in range(box[1], box[3]):
            part = (y - box[1]) / (box[3] - box[1])
            mixed = tuple(round(a + (b - a) * part) for a, b in zip(top, bottom, strict=True))
            lines.line([(box[0], y), (box[2], y)], fill=mixed)
        slope.putalpha(self._image.getchannel("A"))
        self._image.paste(slope)
        return self

    def paste(self, picture: Image.Image, corner: tuple[int, int]) -> Self:
        """Put another picture on top, its corner at a pixel of the finished one."""
        width, height = picture.size
        large = picture.resize((width * OVERSIZE, height * OVERSIZE), Image.Resampling.NEAREST)
        self._image.alpha_composite(large, (corner[0] * OVERSIZE, corner[1] * OVERSIZE))
        return self


def arc(centre: Point, radius: float, start: float, end: float) -> list[Point]:
    """Give points along an arc; degrees count from three o'clock, clockwise as pixels go down."""
    steps = max(8, round(abs(end - start) / 4))
    angles = (math.radians(start + (end - start) * step / steps) for step in range(steps + 1))
    return [(centre[0] + radius * math.cos(a), centre[1] + radius * math.sin(a)) for a in angles]


def _scaled(box: Box) -> Box:
    left, top, right, bottom = (edge * OVERSIZE for edge in box)
    # The library draws the last row and column too.
    return left, top, max(left, right - 1), max(top, bottom - 1)
