"""How much a page shows. What is left out is counted on the page and stands in the view file."""

from __future__ import annotations

from typing import Final

ENTRIES_ON_HOME: Final = 8
ENTRIES_PER_PAGE: Final = 25
ITEMS_SHOWN_MAX: Final = 100
COLUMNS_MAX: Final = 8
DEPTH_SHOWN_MAX: Final = 4
LONG_TEXT_CHARACTERS: Final = 400
SHORT_TEXT_CHARACTERS: Final = 100
ACCEPT_LANGUAGE_CHARACTERS_MAX: Final = 500
