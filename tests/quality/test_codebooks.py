"""Codebooks: what is one, what may follow it, and what is said of a code that is in none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ledger import limits
from ledger.fold_state import Parameters
from quality.builtin_codebooks import builtin_codebooks
from quality.codebooks import (
    CODES_MAX,
    DEPTH_MAX,
    HELPED_MAX,
    Codebook,
    codebook_in_force,
    codebooks_in_force,
    judge_codebook,
    parse_codebook,
)
from quality.errors import MalformedCodebook
from quality.unit_table import UNITS

pytestmark = pytest.mark.item("4.7")

CODES: tuple[dict[str, Any], ...] = (
    {"code": "SUR", "en": "Surface", "zh": "表面"},
    {"code": "SUR-SCRATCH", "parent": "SUR", "en": "Scratch", "zh": "划伤"},
    {"code": "SUR-SCRATCH-DEEP", "parent": "SUR-SCRATCH", "en": "Deep scratch", "zh": "深划伤"},
    {"code": "SUR-OLD", "parent": "SUR", "en": "Old one", "zh": "旧码", "retired": True},
)


def text_of(*codes: dict[str, Any], book: str = "defects", version: str = "1") -> str:
    """A codebook as a document; with the codes above where none are given."""
    return json.dumps({"codebook": book, "version": version, "codes": list(codes or CODES)})


def book_of(*codes: dict[str, Any]) -> Codebook:
    """A codebook that was read."""
    return parse_codebook(text_of(*codes))


def changed(where: str, **members: Any) -> tuple[dict[str, Any], ...]:
    """The codes above with other members in one of them."""
    return tuple(item | members if item["code"] == where else item for item in CODES)


def parameters(name: str, text: str) -> dict[str, Parameters]:
    """The fold's parameters with one document."""
    return {name: Parameters(name, text, ((7, "A" * 43),))}


# ---- what is a codebook ----


def test_a_codebook_gives_each_code_its_names_and_its_branch() -> None:
    book = book_of()
    entry = book.find("SUR-SCRATCH-DEEP")
    assert entry is not None
    assert (entry.en, entry.zh) == ("Deep scratch", "深划伤")
    above = [item.code for item in book.ancestors("SUR-SCRATCH-DEEP")]
    assert above == ["SUR-SCRATCH", "SUR"]
    assert book.find("SUR-DENT") is None


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        (changed("SUR-OLD", parent="NONE"), "as parent of 'SUR-OLD', found 'NONE'"),
        (changed("SUR", parent="SUR"), "in no circle"),
        (changed("SUR", parent="SUR-SCRATCH-DEEP"), "in no circle"),
        (changed("SUR-OLD", code="SUR-SCRATCH"), "each code once, found 'SUR-SCRATCH' beside"),
        (changed("SUR-OLD", code="sur.scratch"), "found 'sur.scratch' beside 'SUR-SCRATCH'"),
        (changed("SUR", zh=""), "/codes/0/zh: expected a name"),
        (changed("SUR", zh="面\n"), "/codes/0/zh: expected a name"),
        (changed("SUR", en="x" * 121), "at most 120 characters"),
        (changed("SUR", en="a\u202eb"), "/codes/0/en: expected no control"),
        (changed("SUR", en=1), "/codes/0/en: expected a name"),
        (changed("SUR", code="SUR FACE"), "/codes/0/code: expected text of the form"),
        (changed("SUR", code="S" * 65), "/codes/0/code: expected text of the form"),
        (changed("SUR", retired=1), "/codes/0/retired: expected true or false, found int"),
        (changed("SUR", colour="red"), "found a difference in 'colour'"),
        (({"code": "A", "en": "A"},), "found a difference in 'zh'"),
        (({"code": "A", "zh": "A"},), "found a difference in 'en'"),
    ],
)
def test_a_book_with_a_fault_is_refused_by_its_place(
    codes: tuple[dict[str, Any], ...], said: str
) -> None:
    with pytest.raises(MalformedCodebook) as caught:
        book_of(*codes)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "codebook: expected"),
        ("[]", "codebook: expected an object, found list"),
        ("{}", "codebook: expected codebook, codes, version"),
        (text_of(book="Defects"), "/codebook: expected text of the form"),
        (text_of(version=""), "/version: expected text of the form"),
        (text_of().replace('"SUR"', '"SUR", "code": "SUR"', 1), "each name once"),
        ('{"codebook":"defects","version":"1","codes":[]}', "/codes: expected an array of 1 to"),
        ('{"codebook":"defects","version":"1","codes":[[]]}', "/codes/0: expected an object"),
        ("\ud800", "codebook: expected UTF-8"),
        (" " * (limits.DOCUMENT_BYTES_MAX + 1), "expected at most"),
    ],
)
def test_a_text_that_is_no_codebook_is_refused(text: str, said: str) -> None:
    with pytest.raises(MalformedCodebook) as caught:
        parse_codebook(text)
    assert said in str(caught.value)


def test_a_tree_may_be_so_deep_and_no_deeper() -> None:
    chain = [{"code": "C0", "en": "x", "zh": "x"}] + [
        {"code": f"C{depth}", "parent": f"C{depth - 1}", "en": "x", "zh": "x"}
        for depth in range(1, DEPTH_MAX + 1)
    ]
    assert len(book_of(*chain[:DEPTH_MAX]).ancestors(f"C{DEPTH_MAX - 1}")) == DEPTH_MAX - 1
    with pytest.raises(MalformedCodebook, match=f"at most {DEPTH_MAX} codes deep"):
        book_of(*chain)


def test_a_book_holds_so_many_codes_and_no_more() -> None:
    codes = [{"code": f"C{n}", "en": "x", "zh": "x"} for n in range(CODES_MAX + 1)]
    assert len(book_of(*codes[:-1]).entries) == CODES_MAX
    with pytest.raises(MalformedCodebook, match=f"1 to {CODES_MAX}, found {CODES_MAX + 1}"):
        book_of(*codes)


# ---- the codes of records ----


@pytest.mark.item("4.7.near")
@pytest.mark.parametrize(
    "written",
    ["SUR-SCARTCH", "sur-scratch", "SURSCRATCH", "scratch", "Scratch", "划伤", "SCRATCHES"],
)
def test_an_unknown_code_is_refused_with_the_one_that_was_meant(written: str) -> None:
    book = book_of()
    assert book.judge_codes([("/defects/0/code", "SUR-SCRATCH")]) is None
    refusal = book.judge_codes([("/defects/0/code", written)])
    assert refusal is not None
    assert refusal.code == "unknown-code"
    assert refusal.detail.startswith(
        "/defects/0/code: expected a code of codebook defects 1, such as SUR-SCRATCH "
        "(Scratch, 划伤)"
    )
    assert refusal.detail.endswith(f"found {written!r}")


@pytest.mark.item("4.7.near")
def test_a_code_like_nothing_is_refused_without_a_guess() -> None:
    fault = book_of().code_fault("QWERTY", pointer="/x")
    assert fault is not None
    assert fault.expected == "a code of codebook defects 1"


def test_a_retired_code_is_read_and_not_written() -> None:
    book = book_of()
    entry = book.find("SUR-OLD")
    assert entry is not None
    assert entry.is_retired
    fault = book.code_fault("SUR-OLD", pointer="/x")
    assert fault is not None
    assert fault.found == "'SUR-OLD', which is retired"
    assert [found.code for found in book.near("SUR-OLD")] != ["SUR-OLD"]


def test_every_wrong_code_is_named_up_to_the_bound() -> None:
    wrong = [(f"/defects/{n}/code", "X") for n in range(limits.FAULTS_MAX + 5)]
    refusal = book_of().judge_codes([("/ok", "SUR"), *wrong])
    assert refusal is not None
    assert len(refusal.faults) == limits.FAULTS_MAX
    assert refusal.faults[0].pointer == "/defects/0/code"


@pytest.mark.item("4.7.near")
def test_only_the_first_wrong_codes_are_helped_with() -> None:
    # Looking for what was meant is done at the head, where all writers wait.
    refusal = book_of().judge_codes([(f"/{n}", "SUR-SCARTCH") for n in range(HELPED_MAX + 1)])
    assert refusal is not None
    helped = ["SUR-SCRATCH" in fault.expected for fault in refusal.faults]
    assert helped == [True] * HELPED_MAX + [False]


# ---- what is in force, and what may follow it ----


def test_the_newest_document_of_a_name_is_in_force() -> None:
    fold = parameters("codebook-defects", text_of(version="2"))
    book = codebook_in_force(fold, "defects")
    assert book is not None
    assert book.version == "2"
    assert codebook_in_force(fold, "materials") is None
    assert list(codebooks_in_force(fold)) == ["defects"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("codebook-defects", "{}"),
        ("codebook-defects", text_of(book="materials")),
        ("scoring", text_of()),
    ],
)
def test_what_is_no_codebook_of_its_name_is_none_in_force(name: str, text: str) -> None:
    assert codebooks_in_force(parameters(name, text)) == {}


BEFORE = text_of()


@pytest.mark.parametrize(
    ("codes", "version"),
    [
        (CODES, "2"),
        ((*CODES, {"code": "SUR-NEW", "parent": "SUR", "en": "New", "zh": "新"}), "2"),
        (changed("SUR-SCRATCH", retired=True), "2"),
        (changed("SUR-OLD", retired=False), "2"),
        (changed("SUR-SCRATCH", en="Scratch mark"), "2"),
    ],
)
def test_a_later_version_may_add_retire_and_mend(
    codes: tuple[dict[str, Any], ...], version: str
) -> None:
    text = text_of(*codes, version=version)
    assert judge_codebook("codebook-defects", text, before=BEFORE) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (text_of(*CODES, version="1"), "/version: expected another than the one in force"),
        (text_of(*CODES[:3], version="2"), "be it retired, found none 'SUR-OLD'"),
        (
            text_of(*changed("SUR-SCRATCH-DEEP", parent="SUR"), version="2"),
            "expected 'SUR-SCRATCH-DEEP' under 'SUR-SCRATCH' as in version 1, found it under 'SUR'",
        ),
        (text_of(*CODES, version="2", book="materials"), "/codebook: expected 'defects'"),
        ("{}", "codebook: expected"),
    ],
)
def test_a_later_version_neither_removes_nor_moves_a_code(text: str, said: str) -> None:
    refusal = judge_codebook("codebook-defects", text, before=BEFORE)
    assert refusal is not None
    assert refusal.code == "malformed-document"
    assert said in refusal.detail


def test_parameters_of_another_name_are_not_judged() -> None:
    assert judge_codebook("scoring", "{}", before=None) is None
    assert judge_codebook("codebook-defects", "{}", before=None) is not None


@pytest.mark.item("4.7.units")
def test_a_book_of_units_has_units_that_can_be_converted() -> None:
    piece, joke = ({"code": code, "en": "x", "zh": "x"} for code in ("H87", "PSI"))
    assert judge_codebook("codebook-units", text_of(piece, book="units"), before=None) is None
    refusal = judge_codebook("codebook-units", text_of(piece, joke, book="units"), before=None)
    assert refusal is not None
    assert refusal.detail.endswith("that can be converted, found PSI")


# ---- those that a new log starts with ----


@pytest.mark.parametrize("document", builtin_codebooks(), ids=lambda document: document.name)
def test_a_built_in_codebook_is_one_and_fits_into_an_entry(document: Any) -> None:
    assert judge_codebook(document.name, document.text, before=None) is None
    assert len(document.text.encode()) < limits.GOVERNANCE_INLINE_BYTES_MAX
    book = parse_codebook(document.text)
    assert len(book.entries) >= 60
    assert not any(entry.is_retired for entry in book.entries.values())


def test_built_in_names_are_no_name_twice_within_a_language() -> None:
    for document in builtin_codebooks():
        entries = parse_codebook(document.text).entries.values()
        for names in ([entry.en for entry in entries], [entry.zh for entry in entries]):
            assert sorted(n for n in set(names) if names.count(n) > 1) == [], document.name


def test_the_defects_are_a_tree_of_ten_branches() -> None:
    book = parse_codebook(builtin_codebooks()[0].text)
    tops = [code for code, entry in book.entries.items() if entry.parent is None]
    assert len(tops) == 10
    assert all(code.startswith(f"{book.ancestors(code)[-1].code}-")
               for code, entry in book.entries.items() if entry.parent)  # fmt: skip


@pytest.mark.item("4.7.units")
def test_the_book_of_units_is_the_conversion_table() -> None:
    book = parse_codebook(builtin_codebooks()[-1].text)
    assert {c: (e.en, e.zh) for c, e in book.entries.items()} == {
        code: (unit.en, unit.zh) for code, unit in UNITS.items()
    }
