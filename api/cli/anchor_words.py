"""A trust anchor as words that two people compare by phone (docs/spec/governance.md, section 7)."""

from __future__ import annotations

from typing import Final

from mnemonic import Mnemonic

from ledger.anchor import Anchor, fingerprint

_LISTS: Final = {"en": "english", "zh": "chinese_simplified"}


def anchor_words(anchor: Anchor, language: str) -> str:
    """Twelve words of the BIP 39 list in ``en`` or ``zh``, four together."""
    words = Mnemonic(_LISTS[language]).to_mnemonic(fingerprint(anchor)).split(" ")
    return "   ".join(" ".join(words[at : at + 4]) for at in range(0, len(words), 4))
