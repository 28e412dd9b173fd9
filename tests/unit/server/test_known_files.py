"""What a picture looks like, and the operator's list of what is not allowed."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from folkmoot_server.media.known import MOST_DIFFERENT, KnownFiles
from folkmoot_server.media.likeness import likeness_of


def drawn(seed: int) -> Image.Image:
    """Return a picture with something to see in it."""
    image = Image.new("RGB", (800, 600), (20 * seed % 256, 90, 160))
    draw = ImageDraw.Draw(image)
    for number in range(12):
        left, top = (seed * 97 + number * 131) % 700, (seed * 53 + number * 71) % 500
        colour = (seed * 41 * number % 256, number * 20, 255 - number * 20)
        draw.ellipse((left, top, left + 60 + seed * 10, top + 90 + number * 5), fill=colour)
    return image


def differing(one: Image.Image, other: Image.Image) -> int:
    return (int(likeness_of(one), 16) ^ int(likeness_of(other), 16)).bit_count()


def test_copies_look_the_same_and_other_pictures_do_not() -> None:
    picture = drawn(1)
    saved = io.BytesIO()
    picture.resize((500, 375)).save(saved, "JPEG", quality=40)
    copies = [Image.open(saved), picture.convert("L"), picture.resize((1600, 1200)), picture.convert("RGBA")]
    assert max(differing(picture, copy) for copy in copies) <= MOST_DIFFERENT
    assert min(differing(picture, drawn(seed)) for seed in range(2, 8)) > 60
    assert likeness_of(Image.new("RGB", (800, 600), "red")) == "", "there is nothing to see"
    assert likeness_of(Image.effect_noise((1, 1), 90)) == ""


def test_what_is_listed_is_known(tmp_path: Path) -> None:
    path, own = tmp_path / "known", likeness_of(drawn(1))
    near = f"{int(own, 16) ^ (2**MOST_DIFFERENT - 1):064x}"
    far = f"{int(own, 16) ^ (2 ** (MOST_DIFFERENT + 1) - 1):064x}"
    path.write_text(f"# a remark\n\nsha256 {'AB' * 32} found in May\npdq {far}\n")
    known = KnownFiles(path)
    assert known.is_known(("ab" * 32, ""), "")
    assert not known.is_known(("cd" * 32,), own)
    path.write_text(f"pdq {near}\n")
    assert known.is_known(("cd" * 32,), own)
    assert not known.is_known(("ab" * 32,), ""), "it was read again"
    for line in ("pdq 12", "md5 " + "0" * 64, "pdq " + "x" * 64):
        path.write_text(f"{line}\n")
        with pytest.raises(ValueError):
            known.is_known((), "")
    path.unlink()
    with pytest.raises(OSError):
        known.is_known((), "")
    assert not KnownFiles(None).is_known(("ab" * 32,), own)
