"""The artwork is what the code draws, in the shapes that Home Assistant asks for."""

from pathlib import Path

from PIL import Image
import pytest

from script.latchkey_brand.__main__ import DRAWINGS, brand_folder, differs, main
from script.latchkey_brand.marks import MARKS
from script.lib.project import load_project

SIZES = {"icon.png": (256, 256), "icon@2x.png": (512, 512)}
LOGO_HEIGHTS = {"logo": 128, "logo@2x": 256}
"""Home Assistant asks for a shortest side of 128 to 256, and twice that."""


def test_every_component_has_a_mark() -> None:
    """A component without artwork would show a placeholder."""
    assert {path.name for path in load_project().components} <= set(MARKS)


@pytest.mark.parametrize("domain", MARKS)
def test_files_are_what_is_drawn(domain: str) -> None:
    """Nothing is missing, out of date, or there without being drawn."""
    folder = brand_folder(domain)
    assert {path.name for path in folder.iterdir()} == set(DRAWINGS)
    for name, draw in DRAWINGS.items():
        assert not differs(folder / name, draw(MARKS[domain])), name


@pytest.mark.parametrize("domain", MARKS)
@pytest.mark.parametrize("name", DRAWINGS)
def test_shape(domain: str, name: str) -> None:
    """Right sizes, a transparent ground, and something on it."""
    with Image.open(brand_folder(domain) / name) as picture:
        assert (picture.format, picture.mode) == ("PNG", "RGBA")
        width, height = picture.size
        if name in SIZES:
            assert (width, height) == SIZES[name]
        else:
            assert height == LOGO_HEIGHTS[name.removeprefix("dark_").removesuffix(".png")]
            assert width > 2 * height
        alpha = picture.getchannel("A")
        assert [alpha.getpixel((x, y)) for x in (0, width - 1) for y in (0, height - 1)] == [0] * 4
        assert alpha.getextrema() == (0, 255)
        assert set(alpha.tobytes()) - {0, 255}, "edges are not smooth"


def test_check_finds_a_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that was touched or lost is named, and drawing mends it."""
    monkeypatch.setattr("script.latchkey_brand.__main__.ROOT", tmp_path)
    drawings = {"icon.png": DRAWINGS["icon.png"]}  # one will do, and they take a while
    monkeypatch.setattr("script.latchkey_brand.__main__.DRAWINGS", drawings)
    assert main(["--check"]) == 1
    assert main([]) == 0
    assert main(["--check"]) == 0
    icon = tmp_path / "custom_components/dio_chacon/brand/icon.png"
    with Image.open(icon) as picture:
        changed = picture.copy()
    changed.putpixel((128, 128), (255, 0, 0, 255))
    changed.save(icon)
    capsys.readouterr()
    assert main(["--check"]) == 1
    assert "dio_chacon/brand/icon.png" in capsys.readouterr().out
