"""The catalogues: the same keys in both languages, each used, none missing, all translated."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from portal.languages import LANGUAGES, Language
from portal.messages import Words, isolate, load_words, read_catalogue

pytestmark = pytest.mark.item("2.8")

PORTAL = Path(__file__).resolve().parents[2] / "portal"
TEMPLATES = sorted((PORTAL / "templates").glob("*.html"))
#: Keys that are put together from a prefix and something else, as templates and modules do it.
COMPOSED = re.compile(r"""["']((?:[a-z-]+\.)+)(?:["'] ~|\{)""")
LITERAL = re.compile(r"""["']((?:[a-z-]+\.)+[a-z-]+)["']""")
#: Messages that are the same in every language: names and signs.
ALIKE = frozenset(
    {"site.language.en", "site.language.zh", "verify.yourself.digest", "field.sha256"}
)


def sources() -> str:
    """Everything that may name a message."""
    paths = [*TEMPLATES, *sorted(PORTAL.glob("*.py"))]
    return "\n".join(path.read_text("utf-8") for path in paths)


def placeholders(message: str) -> set[str]:
    """The names in a message's braces."""
    return {name for _, name, _, _ in Formatter().parse(message) if name is not None}


def test_both_catalogues_have_the_same_keys_in_the_same_order() -> None:
    assert list(read_catalogue("en")) == list(read_catalogue("zh"))


def test_both_languages_put_in_the_same_values() -> None:
    english, chinese = read_catalogue("en"), read_catalogue("zh")
    assert {k: placeholders(v) for k, v in english.items()} == {
        k: placeholders(v) for k, v in chinese.items()
    }


def test_every_chinese_message_is_chinese() -> None:
    han = re.compile(r"[\u4e00-\u9fff、，。]")
    chinese = read_catalogue("zh")
    assert {key for key, text in chinese.items() if not han.search(text)} <= ALIKE


def test_no_english_message_is_chinese() -> None:
    han = re.compile(r"[\u3000-\u9fff\uff00-\uffef]")
    english = read_catalogue("en")
    assert {key for key, text in english.items() if han.search(text)} <= ALIKE


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_holds_markup(language: Language) -> None:
    assert [text for text in read_catalogue(language).values() if set("<>") & set(text)] == []


def test_every_message_that_is_named_exists() -> None:
    named = set(LITERAL.findall(sources()))
    prefixes = {key.partition(".")[0] for key in read_catalogue("en")}
    # Other dotted words (file names, modules) do not begin like a message.
    missing = {n for n in named if n.partition(".")[0] in prefixes} - set(read_catalogue("en"))
    templates = {path.name for path in TEMPLATES}
    assert missing <= {"record.view.json"} | templates


def test_every_message_is_used() -> None:
    text = sources()
    prefixes = tuple(COMPOSED.findall(text))
    named = set(LITERAL.findall(text))
    unused = [
        key
        for key in read_catalogue("en")
        if key not in named and not key.startswith((*prefixes, "code.", "value.", "field."))
    ]
    assert unused == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_words_of_their_own(path: Path) -> None:
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", path.read_text("utf-8"), flags=re.DOTALL)
    spoken = re.findall(r"""(?:aria-label|title|alt|placeholder)="([^"]*[A-Za-z][^"]*)\"""", text)
    words = re.findall(r"[A-Za-z\u4e00-\u9fff]{2,}", re.sub(r"<[^>]*>", " ", text))
    assert set(words) <= {"Lotmark"}
    assert spoken == []


def test_values_put_into_html_are_escaped_and_kept_apart(english: Words) -> None:
    html = english.html("home.operated", operator='<b title="x">&')
    assert html == "Operated by <bdi>&lt;b title=&#34;x&#34;&gt;&amp;</bdi>"


def test_numbers_are_not_isolated() -> None:
    assert isolate(41) == "41"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_takes_its_values(language: Language) -> None:
    words = load_words()[language]
    for key, text in words.catalogue.items():
        values = dict.fromkeys(placeholders(text), "·")
        assert "{" not in words.text(key, **values)
        assert "{" not in words.html(key, **values)
