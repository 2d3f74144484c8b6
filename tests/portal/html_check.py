"""A strict reader of HTML pages: what it does not complain about, browsers read in one way.

Not a full validator: it holds structure, references, names for controls, and that nothing on a
page comes from elsewhere or runs without being a file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from typing import Final

VOID: Final = frozenset({"meta", "link", "br", "wbr", "input", "img", "hr"})
#: Elements of inline drawings that are written with a slash.
CLOSED: Final = frozenset({"path", "circle"})
REFERENCES: Final = ("for", "aria-labelledby", "aria-describedby")
HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")
EVENTS: Final = "on"


@dataclass
class Element:
    """An element that has been opened: its tag, attributes and the text inside it so far."""

    tag: str
    attributes: dict[str, str]
    text: str = ""


@dataclass
class Page:
    """What was found on a page."""

    elements: list[Element] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    text: str = ""

    def all(self, tag: str) -> list[Element]:
        """The elements of a tag, in their order."""
        return [element for element in self.elements if element.tag == tag]

    def by_class(self, name: str) -> list[Element]:
        """The elements of a class, in their order."""
        return [e for e in self.elements if name in e.attributes.get("class", "").split()]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self._open: list[Element] = []
        self._templates = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(set(names)) != len(names):
            self.page.faults.append(f"<{tag}> has an attribute twice: {names}")
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.page.elements.append(element)
        if tag not in VOID:
            self._open.append(element)
            self._templates += tag == "template"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in CLOSED:
            self.page.faults.append(f"<{tag}/> closes itself")
        self.page.elements.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1].tag != tag:
            found = self._open[-1].tag if self._open else "nothing"
            self.page.faults.append(f"</{tag}> closes {found}")
            return
        self._templates -= tag == "template"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data
        if not self._templates:
            self.page.text += data

    def close(self) -> None:
        super().close()
        self.page.faults += [f"<{element.tag}> is never closed" for element in self._open]


def read_page(html: str) -> Page:
    """Read a page and check it; faults are collected, not raised."""
    reader = _Reader()
    if not html.startswith("<!doctype html>\n"):
        reader.page.faults.append("no doctype")
    reader.feed(html)
    reader.close()
    page = reader.page
    for check in (_ids, _references, _headings, _controls, _sources, _document):
        page.faults += check(page)
    return page


def _ids(page: Page) -> list[str]:
    ids = [element.attributes["id"] for element in page.elements if "id" in element.attributes]
    return [f"id {name!r} stands twice" for name in sorted(set(ids)) if ids.count(name) > 1]


def _references(page: Page) -> list[str]:
    ids = {element.attributes.get("id") for element in page.elements}
    return [
        f"{name}={target!r} leads nowhere"
        for element in page.elements
        for name in REFERENCES
        for target in element.attributes.get(name, "").split()
        if target not in ids
    ] + [
        f"href={href!r} leads nowhere"
        for element in page.all("a")
        if (href := element.attributes.get("href", "")).startswith("#") and href[1:] not in ids
    ]


def _headings(page: Page) -> list[str]:
    levels = [int(element.tag[1]) for element in page.elements if element.tag in HEADINGS]
    faults = [] if levels.count(1) == 1 else [f"expected one h1, found {levels.count(1)}"]
    steps = [(before, after) for before, after in pairwise(levels) if after > before + 1]
    return faults + [f"h{before} is followed by h{after}" for before, after in steps]


def _controls(page: Page) -> list[str]:
    labelled = {element.attributes.get("for") for element in page.all("label")}
    faults = [
        f"input {element.attributes.get('id')!r} has no label"
        for element in page.all("input")
        if element.attributes.get("id") not in labelled
    ]
    named = [*page.all("a"), *page.all("button"), *page.all("summary"), *page.all("title")]
    return faults + [
        f"<{element.tag}> without words: {element.attributes}"
        for element in named
        if not element.text.strip() and "aria-label" not in element.attributes
    ]


def _sources(page: Page) -> list[str]:
    faults = []
    for element in page.elements:
        for name, value in element.attributes.items():
            if name == "style" or name.startswith(EVENTS):
                faults.append(f"<{element.tag}> has {name}")
            if name in {"src", "href", "action"} and value[:1] not in {"/", "#", "?"}:
                faults.append(f"<{element.tag}> {name}={value!r} is not of this site")
            if value.startswith("//"):
                faults.append(f"<{element.tag}> {name}={value!r} is not of this site")
        if element.tag == "script" and (element.text.strip() or "src" not in element.attributes):
            faults.append("a script stands in the page")
        if element.tag == "style":
            faults.append("a style stands in the page")
    return faults


def _document(page: Page) -> list[str]:
    languages = [element.attributes.get("lang") for element in page.all("html")]
    faults = [] if languages in (["en"], ["zh-CN"]) else [f"html lang is {languages}"]
    if len(page.all("main")) != 1:
        faults.append("expected one main")
    names = [element.attributes.get("name") for element in page.all("meta")]
    return faults if "viewport" in names else [*faults, "no viewport"]
