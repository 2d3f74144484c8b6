"""Colours: every pair that carries text can be read, in light and in dark (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.item("2.8")

SHEET = (Path(__file__).resolve().parents[2] / "portal/static/portal.css").read_text("utf-8")
CONTRAST_MIN = 4.5
#: Text colour on ground, as the sheet uses them.
PAIRS = (
    ("ink", "page"),
    ("ink", "surface"),
    ("ink", "sunken"),
    ("ink", "accent-soft"),
    ("ink", "caution-soft"),
    ("ink", "danger-soft"),
    ("muted", "page"),
    ("muted", "surface"),
    ("muted", "sunken"),
    ("muted", "accent-soft"),
    ("accent", "page"),
    ("accent", "surface"),
    ("accent", "accent-soft"),
    ("accent", "caution-soft"),
    ("accent-ink", "accent"),
    ("accent-soft-ink", "accent-soft"),
    ("caution", "page"),
    ("caution", "surface"),
    ("danger", "danger-soft"),
)


def colours(block: str) -> dict[str, str]:
    """The custom properties of a block that are colours."""
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))


LIGHT, DARK = (
    colours(block) for block in re.findall(r":root \{(.*?)\n\s*\}", SHEET, re.DOTALL)[:2]
)


def luminance(colour: str) -> float:
    """Relative luminance of a colour (WCAG 2.2, definitions)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_can_be_read(text: str, ground: str, scheme: str) -> None:
    palette = LIGHT if scheme == "light" else DARK
    assert contrast(palette[text], palette[ground]) >= CONTRAST_MIN


def test_dark_names_every_colour_that_light_names() -> None:
    assert LIGHT.keys() == DARK.keys()
    assert len(LIGHT) > 10


def test_colours_are_named_once() -> None:
    rules = SHEET.partition("*, *::before")[2].partition("@media print")[0]
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;\s])", rules) == []
