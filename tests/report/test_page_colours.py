"""Colours of both themes can be told from what they lie on: WCAG 2.2, 1.4.3 and 1.4.11."""

import re
from importlib import resources

import pytest

CSS = resources.files("batchrec.report").joinpath("templates", "page.css").read_text("utf-8")
COLOURS = {
    name: (light, dark)
    for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);", CSS)
}
TEXTS = [
    *((ink, ground) for ink in ("ink", "muted", "link") for ground in ("ground", "raised")),
    ("good", "good-ground"),
    ("bad", "bad-ground"),
    ("warning", "warning-ground"),
    ("ink", "bad-ground"),
    ("ink", "good-ground"),
    ("ink", "warning-ground"),
]
MARKS = [(mark, "ground") for mark in ("series-1", "series-2", "series-3", "good", "bad", "wait")]


BARS = ("series-1", "series-2", "good", "bad", "warning", "wait")  # lie on a ground of their own


def luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour, as WCAG defines it."""
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (red, green, blue)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def test_black_on_white() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXTS)
def test_texts(ink: str, ground: str, theme: int) -> None:
    assert contrast(COLOURS[ink][theme], COLOURS[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("mark", "ground"), MARKS)
def test_marks(mark: str, ground: str, theme: int) -> None:
    assert contrast(COLOURS[mark][theme], COLOURS[ground][theme]) >= 3


def halfway(one: str, other: str) -> str:
    pairs = ((int(one[n : n + 2], 16), int(other[n : n + 2], 16)) for n in (1, 3, 5))
    return "#" + "".join(f"{(first + second) // 2:02x}" for first, second in pairs)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("mark", BARS)
def test_bars_on_their_ground(mark: str, theme: int) -> None:
    """The ground of a bar is the colour of lines at half its strength."""
    ground = halfway(COLOURS["line"][theme], COLOURS["ground"][theme])
    assert contrast(COLOURS[mark][theme], ground) >= 3
