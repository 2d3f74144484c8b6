"""Codebooks: what the codes in records mean, as versioned documents of the log.

A codebook is a parameters document named ``codebook-<book>`` (docs/reference/codebooks.md); the
newest of a name is in force. Codes may form a tree: a code names its parent, so that defects can
be added up by kind. A code whose use has ended is *retired*: records that have it keep their
meaning, new ones are refused. So that a code means the same for ever, a later version keeps
every code and its parent (:func:`judge_codebook`); names may be mended.

What is not checked here: whether a name is a good translation of another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from ledger import limits
from ledger.errors import MalformedJson, MalformedText
from ledger.faults import Fault, Refusal
from ledger.fold_state import Parameters
from ledger.strict_json import check_text, parse_json
from quality.errors import MalformedCodebook
from quality.near_codes import NEAR_MAX, near_codes
from quality.unit_table import UNITS

#: What the names of parameters that are codebooks begin with.
PREFIX: Final = "codebook-"
#: The book whose codes are units: a unit that nothing converts would be of no use.
UNITS_BOOK: Final = "units"
CODES_MAX: Final = 2_048
DEPTH_MAX: Final = 8
NAME_CHARACTERS_MAX: Final = 120
CODE_CHARACTERS_MAX: Final = 64
#: Of how many wrong codes of a record it is told what may have been meant.
HELPED_MAX: Final = 3
_BOOK: Final = re.compile(r"[a-z][a-z0-9-]{1,39}", re.ASCII)
_VERSION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", re.ASCII)
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}", re.ASCII)
_MEMBERS: Final = frozenset({"codebook", "version", "codes"})
_ENTRY_MEMBERS: Final = frozenset({"code", "parent", "en", "zh", "retired"})
_ENTRY_REQUIRED: Final = frozenset({"code", "en", "zh"})


@dataclass(frozen=True, slots=True)
class CodeEntry:
    """A code: what it falls under, its names, and whether new records may have it."""

    code: str
    parent: str | None
    en: str
    zh: str
    is_retired: bool


@dataclass(frozen=True, slots=True)
class Codebook:
    """A codebook that was read: no code twice, each parent known, no circle."""

    name: str
    version: str
    entries: Mapping[str, CodeEntry]

    def find(self, code: str) -> CodeEntry | None:
        """The entry of a code, be it retired; None where the book has none."""
        return self.entries.get(code)

    def near(self, code: str, *, limit: int = NEAR_MAX) -> tuple[CodeEntry, ...]:
        """Entries in use that may have been meant, nearest first.

        A person may have written the code, its end without the branch, or a name.
        """
        spelled: dict[str, str] = {}
        for entry in self.entries.values():
            if not entry.is_retired:
                end = entry.code.partition("-")[2] or entry.code
                for spelling in (entry.code, end, entry.en, entry.zh):
                    spelled.setdefault(spelling, entry.code)
        # A code has four spellings, and each of them may be near.
        near = near_codes(code[:CODE_CHARACTERS_MAX], spelled, limit=4 * limit)
        found = dict.fromkeys(spelled[spelling] for spelling in near)
        return tuple(self.entries[code] for code in list(found)[:limit])

    def ancestors(self, code: str) -> tuple[CodeEntry, ...]:
        """What a code of the book falls under, from its parent up to the top."""
        found: list[CodeEntry] = []
        parent = self.entries[code].parent
        while parent is not None:
            found.append(self.entries[parent])
            parent = self.entries[parent].parent
        return tuple(found)

    def is_usable(self, code: str) -> bool:
        """Whether a new record may have the code."""
        entry = self.find(code)
        return entry is not None and not entry.is_retired

    def code_fault(self, code: str, *, pointer: str, is_helped: bool = True) -> Fault | None:
        """What is wrong with a code in a new record; None where it may stand there.

        With ``is_helped`` it names what may have been meant, which costs milliseconds.
        """
        if self.is_usable(code):
            return None
        meant = self.near(code) if is_helped else ()
        near = " or ".join(f"{entry.code} ({entry.en}, {entry.zh})" for entry in meant)
        book = f"a code of codebook {self.name} {self.version}"
        retired = ", which is retired" if self.find(code) else ""
        found = f"{code[:CODE_CHARACTERS_MAX]!r}{retired}"
        return Fault(pointer, f"{book}, such as {near}" if near else book, found)

    def judge_codes(self, codes: Iterable[tuple[str, str]]) -> Refusal | None:
        """Whether a new record may have these codes, each given with its JSON pointer.

        What may have been meant is told of the first ones only: it is looked for while
        everybody waits.
        """
        wrong = [(pointer, code) for pointer, code in codes if not self.is_usable(code)]
        judged = (
            self.code_fault(code, pointer=pointer, is_helped=position < HELPED_MAX)
            for position, (pointer, code) in enumerate(wrong[: limits.FAULTS_MAX])
        )
        faults = tuple(fault for fault in judged if fault)
        if not faults:
            return None
        first = faults[0]
        said = f"{first.pointer}: expected {first.expected}, found {first.found}"
        return Refusal("unknown-code", said, faults)


def parse_codebook(text: str) -> Codebook:
    """Read the text of a codebook.

    Raises:
        MalformedCodebook: no strict JSON of that form, a code twice (capitals, hyphens and
            points aside), an unknown parent, a circle, a name missing; the text says where.
    """
    # The text first: the cache would keep a text of any length as its key.
    if len(text) > limits.DOCUMENT_BYTES_MAX:
        most = f"at most {limits.DOCUMENT_BYTES_MAX} characters"
        raise MalformedCodebook(f"codebook: expected {most}, found {len(text)}")
    return _parse(text)


# A book is looked up for each record that has a code of it; reading it takes milliseconds.
@lru_cache(maxsize=64)
def _parse(text: str) -> Codebook:
    try:
        document = parse_json(
            text.encode("utf-8", "surrogatepass"), bytes_max=limits.DOCUMENT_BYTES_MAX
        )
    except MalformedJson as fault:
        raise MalformedCodebook(f"codebook: {fault}") from fault
    body = _object(document, "", required=_MEMBERS, allowed=_MEMBERS)
    name = _matching(body["codebook"], "/codebook", form=_BOOK)
    version = _matching(body["version"], "/version", form=_VERSION)
    entries = dict(_read_entries(body["codes"]))
    _check_parents(entries)
    return Codebook(name, version, MappingProxyType(entries))


def codebook_in_force(parameters: Mapping[str, Parameters], book: str) -> Codebook | None:
    """The codebook of a name that is in force by the public fold; None where there is none.

    A document of that name that is no codebook counts as none: it was admitted by a log that
    did not judge them.
    """
    found = parameters.get(f"{PREFIX}{book}")
    if found is None:
        return None
    try:
        codebook = parse_codebook(found.text)
    except MalformedCodebook:
        return None
    return codebook if codebook.name == book else None


def codebooks_in_force(parameters: Mapping[str, Parameters]) -> dict[str, Codebook]:
    """Every codebook in force by the public fold, by its name."""
    books = sorted(name.removeprefix(PREFIX) for name in parameters if name.startswith(PREFIX))
    found = ((book, codebook_in_force(parameters, book)) for book in books)
    return {book: codebook for book, codebook in found if codebook}


def judge_codebook(name: str, text: str, *, before: str | None) -> Refusal | None:
    """Whether parameters may have this text, where their name says that they are a codebook.

    Args:
        name: that of the parameters; one that is no codebook's is not judged.
        text: the document.
        before: the text of the name that is in force, if there is one.
    """
    if not name.startswith(PREFIX):
        return None
    try:
        codebook = parse_codebook(text)
        _check_name(codebook, name)
        if before is not None:
            _check_kept(codebook, before)
    except MalformedCodebook as fault:
        return Refusal("malformed-document", str(fault))
    return None


def _check_name(codebook: Codebook, name: str) -> None:
    if f"{PREFIX}{codebook.name}" != name:
        raise MalformedCodebook(
            f"/codebook: expected {name.removeprefix(PREFIX)!r} as in the name of the "
            f"parameters, found {codebook.name!r}"
        )
    foreign = [code for code in codebook.entries if code not in UNITS]
    if codebook.name == UNITS_BOOK and foreign:
        raise MalformedCodebook(
            "/codes: expected units of Recommendation 20 that can be converted, "
            f"found {', '.join(foreign[:8])}"
        )


def _check_kept(codebook: Codebook, before: str) -> None:
    """A later version keeps every code and what it falls under, and says that it is another."""
    try:
        earlier = parse_codebook(before)
    except MalformedCodebook:
        return
    if earlier.version == codebook.version:
        raise MalformedCodebook(
            f"/version: expected another than the one in force, found {codebook.version!r}"
        )
    for entry in earlier.entries.values():
        now = codebook.find(entry.code)
        if now is None:
            raise MalformedCodebook(
                f"/codes: expected every code of version {earlier.version}, be it retired, "
                f"found none {entry.code!r}"
            )
        if now.parent != entry.parent:
            raise MalformedCodebook(
                f"/codes: expected {entry.code!r} under {entry.parent!r} as in version "
                f"{earlier.version}, found it under {now.parent!r}: retire it, and add another"
            )


# ---- reading ----


def _read_entries(found: object) -> Iterator[tuple[str, CodeEntry]]:
    if not isinstance(found, list) or not 1 <= len(found) <= CODES_MAX:
        count = f"{len(found)} of them" if isinstance(found, list) else _shown(found)
        raise MalformedCodebook(f"/codes: expected an array of 1 to {CODES_MAX}, found {count}")
    seen: dict[str, str] = {}
    for position, item in enumerate(found):
        entry = _read_entry(item, f"/codes/{position}")
        plain = re.sub(r"[._/-]", "", entry.code).casefold()
        if plain in seen:
            raise MalformedCodebook(
                f"/codes/{position}/code: expected each code once, found {entry.code!r} "
                f"beside {seen[plain]!r}"
            )
        seen[plain] = entry.code
        yield entry.code, entry


def _read_entry(found: object, place: str) -> CodeEntry:
    item = _object(found, place, required=_ENTRY_REQUIRED, allowed=_ENTRY_MEMBERS)
    retired = item.get("retired", False)
    if not isinstance(retired, bool):
        raise MalformedCodebook(f"{place}/retired: expected true or false, found {_shown(retired)}")
    parent = item.get("parent")
    return CodeEntry(
        code=_matching(item["code"], f"{place}/code", form=_CODE),
        parent=None if parent is None else _matching(parent, f"{place}/parent", form=_CODE),
        en=_named(item["en"], f"{place}/en"),
        zh=_named(item["zh"], f"{place}/zh"),
        is_retired=retired,
    )


def _check_parents(entries: Mapping[str, CodeEntry]) -> None:
    for entry in entries.values():
        above, depth = entry, 1
        while above.parent is not None:
            if above.parent not in entries:
                raise MalformedCodebook(
                    f"/codes: expected a code of the book as parent of {above.code!r}, "
                    f"found {above.parent!r}"
                )
            above, depth = entries[above.parent], depth + 1
            # A circle has no end: it is found as a tree that is too deep.
            if depth > DEPTH_MAX:
                raise MalformedCodebook(
                    f"/codes: expected {entry.code!r} at most {DEPTH_MAX} codes deep and in no "
                    "circle, found it deeper"
                )


def _object(
    found: object, place: str, *, required: frozenset[str], allowed: frozenset[str]
) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise MalformedCodebook(f"{place or 'codebook'}: expected an object, found {_shown(found)}")
    if wrong := sorted((required - found.keys()) | (found.keys() - allowed)):
        raise MalformedCodebook(
            f"{place or 'codebook'}: expected {', '.join(sorted(required))} and no other members "
            f"than {', '.join(sorted(allowed))}, found a difference in {wrong[0][:40]!r}"
        )
    return found


def _matching(found: object, place: str, *, form: re.Pattern[str]) -> str:
    if isinstance(found, str) and form.fullmatch(found):
        return found
    raise MalformedCodebook(f"{place}: expected text of the form {form.pattern}, {_found(found)}")


def _named(found: object, place: str) -> str:
    is_line = isinstance(found, str) and bool(found.strip()) and "\n" not in found
    if not isinstance(found, str) or not is_line or len(found) > NAME_CHARACTERS_MAX:
        most = f"a name of at most {NAME_CHARACTERS_MAX} characters on one line"
        raise MalformedCodebook(f"{place}: expected {most}, {_found(found)}")
    try:
        return check_text(found)
    except MalformedText as fault:
        raise MalformedCodebook(f"{place}: {fault}") from fault


def _found(found: object) -> str:
    return f"found {_shown(found)}"


def _shown(found: object) -> str:
    return repr(found[:40]) if isinstance(found, str) else type(found).__name__
