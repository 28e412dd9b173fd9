"""What a picture looks like, as 256 bits: PDQ, by which lists of known pictures are exchanged.

Written after the paper (Facebook, "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm", 2019):
its own library comes as source that needs a compiler. The picture is blurred, 64 by 64 of it are looked at, and of
their cosine transform the bits say which of 16 by 16 frequencies are stronger than the middle one. Copies of a picture
that were made smaller or saved again differ in a few bits, other pictures in about half.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import cos, pi, sqrt
from statistics import median

from PIL import Image, ImageFilter

SIDE = 512
GRID, WAVES = 64, 16
LEAST_QUALITY = 50
"""Of pictures in which there is less to see the bits say nothing."""

Rows = Sequence[Sequence[float]]

_COSINES = [
    [sqrt(2 / GRID) * cos(pi / 2 / GRID * (wave + 1) * (2 * place + 1)) for place in range(GRID)]
    for wave in range(WAVES)
]


def likeness_of(picture: Image.Image) -> str:
    """Return the bits in hexadecimal, nothing for a picture in which there is too little to see."""
    grey = picture.convert("RGB").convert("L")
    grey.thumbnail((SIDE, SIDE))
    radius = tuple(max(0.0, (-(-side // (2 * GRID)) - 1) / 2) for side in grey.size)
    for _ in range(2):
        grey = grey.filter(ImageFilter.BoxBlur(radius))
    seen = _look(grey)
    if _quality(seen) < LEAST_QUALITY:
        return ""
    waves = [value for row in _transform(seen) for value in row]
    middle = median(waves)
    return f"{sum(1 << number for number, value in enumerate(waves) if value > middle):064x}"


def _look(grey: Image.Image) -> Rows:
    """Return how bright 64 by 64 places are."""
    width, height = grey.size
    data = grey.tobytes()
    columns = [int((column + 0.5) * width / GRID) for column in range(GRID)]
    rows = [int((row + 0.5) * height / GRID) * width for row in range(GRID)]
    return [[float(data[row + column]) for column in columns] for row in rows]


def _quality(seen: Rows) -> int:
    """Return how much there is to see, 100 at most: how much neighbours differ."""
    pairs = (pair for lines in (seen, list(zip(*seen, strict=True))) for line in lines for pair in pairwise(line))
    return min(100, sum(abs(int((a - b) * 100 / 255)) for a, b in pairs) // 90)


def _transform(seen: Rows) -> Rows:
    """Return the lowest frequencies but those that do not change at all."""
    turned = list(zip(*seen, strict=True))
    half = [[sum(map(float.__mul__, wave, column)) for column in turned] for wave in _COSINES]
    return [[sum(map(float.__mul__, row, wave)) for wave in _COSINES] for row in half]
