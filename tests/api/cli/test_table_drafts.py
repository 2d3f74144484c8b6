"""Rows become records: grouped, spread over characteristics, every fault by row and column."""

from __future__ import annotations

from typing import Any

import pytest

from api.cli.places import Places
from api.cli.table_errors import CellsRefused, FormUnclear, MalformedMapping
from tests.api.cli.tables import KINDS, PARAMETERS, mapped

pytestmark = pytest.mark.item("2.7")

SITE = Places(KINDS["site/v1"].text)

VALUE = "/measurements/characteristics/0/values/*/value"
PIECE = "/measurements/characteristics/*/values/*/piece"


def values(groups: Any, at: int = 0) -> list[str]:
    return [item["value"] for item in groups["measurements"]["characteristics"][at]["values"]]


def test_a_row_is_a_record_where_nothing_else_is_said() -> None:
    drafts = mapped("L;Q\nA;1\nB;2\n", {"L": "/lot/number", "Q": "/lot/quantity"})
    assert [draft.groups for draft in drafts] == [
        {"lot": {"number": "A", "quantity": "1"}},
        {"lot": {"number": "B", "quantity": "2"}},
    ]
    assert [draft.place for draft in drafts] == ["row 2", "row 3"]


def test_rows_of_one_lot_make_one_record_wherever_they_stand() -> None:
    text = "L;V\nA;1,5\nB;9,0\nA;2,5\n"
    drafts = mapped(text, {"L": "/lot/number", "V": VALUE}, per=("L",))
    assert [values(draft.groups) for draft in drafts] == [["1.5", "2.5"], ["9.0"]]
    assert drafts[0].place == "rows 2 to 4"


def test_a_whole_file_may_be_one_record() -> None:
    drafts = mapped("V\n1\n2\n", {"V": VALUE}, per="file", constants={"/lot/number": "A"})
    assert [draft.groups["lot"] for draft in drafts] == [{"number": "A"}]
    assert values(drafts[0].groups) == ["1", "2"]


def test_that_there_is_nothing_of_a_list_can_be_said() -> None:
    said = {"/defects/inspected": "13", "/defects/defective": "0", "/defects/items": "[]"}
    (draft,) = mapped("V\n1\n", {"V": VALUE}, per="file", constants=said)
    assert draft.groups["defects"] == {"inspected": 13, "defective": 0, "items": []}


def test_columns_of_a_wide_table_are_characteristics_of_their_own() -> None:
    columns = {"D": VALUE, "R": VALUE.replace("0", "1"), "P": PIECE}
    drafts = mapped("P;D;R\n1;12,5;0,8\n2;;0,9\n", columns, per="file")
    first, second = drafts[0].groups["measurements"]["characteristics"]
    assert first["values"] == [{"value": "12.5", "piece": "1"}]
    assert second["values"] == [{"value": "0.8", "piece": "1"}, {"value": "0.9", "piece": "2"}]


def test_rows_of_a_long_table_belong_to_the_characteristic_that_they_name() -> None:
    base = "/measurements/characteristics/{M}"
    columns = {"M": f"{base}/id", "UG": f"{base}/lower", "W": f"{base}/values/*/value"}
    text = "M;UG;W\nD1;12,0;12,5\nR1;;0,8\nD1;12,0;12,6\n"
    (draft,) = mapped(text, columns, per="file")
    assert draft.groups["measurements"]["characteristics"] == [
        {"id": "D1", "lower": "12.0", "values": [{"value": "12.5"}, {"value": "12.6"}]},
        {"id": "R1", "values": [{"value": "0.8"}]},
    ]


def test_a_constant_with_a_star_stands_in_every_element_and_a_column_counts_more() -> None:
    place = "/measurements/characteristics/*/class"
    columns = {"D": VALUE, "R": VALUE.replace("0", "1"), "C": place.replace("*", "1")}
    (draft,) = mapped("D;R;C\n1;2;SC\n", columns, constants={place: "none"})
    found = [item["class"] for item in draft.groups["measurements"]["characteristics"]]
    assert found == ["none", "SC"]


def test_a_constant_of_one_element_counts_more_than_one_of_all() -> None:
    base = "/measurements/characteristics"
    constants = {f"{base}/*/upper": None, f"{base}/1/upper": "9.5"}
    columns = {"D": VALUE, "R": VALUE.replace("0", "1")}
    (draft,) = mapped("D;R\n1;2\n", columns, constants=constants)
    found = [item["upper"] for item in draft.groups["measurements"]["characteristics"]]
    assert found == [None, "9.5"]


def test_missing_parameters_are_null_and_keep_their_place() -> None:
    columns = {
        "t": "/values/rows/*/at",
        "a": "/values/rows/*/values/0",
        "b": "/values/rows/*/values/1",
    }
    text = "t;a;b\n2026-11-20 09:00;1,5;\n2026-11-20 09:01;;2,5\n"
    (draft,) = mapped(text, columns, per="file", places=PARAMETERS)
    assert [row["values"] for row in draft.groups["values"]["rows"]] == [
        ["1.5", None],
        [None, "2.5"],
    ]


@pytest.mark.parametrize(
    ("cells", "lines"),
    [
        ("Weg 1;Hof 2", ["Weg 1", "Hof 2"]),
        # A second line that nobody filled in is none; a first one is missed, not made up.
        ("Weg 1;", ["Weg 1"]),
        (";Hof 2", [None, "Hof 2"]),
    ],
)
def test_empty_cells_at_the_end_of_a_list_are_left_out(cells: str, lines: list[str]) -> None:
    columns = {"S": "/state/site", "A": "/place/lines/0", "B": "/place/lines/1"}
    (draft,) = mapped(f"S;A;B\nJ1;{cells}\n", columns, places=SITE)
    assert draft.groups["place"]["lines"] == lines


def test_places_of_the_filing_are_taken_out_of_the_groups() -> None:
    columns = {"N": "/filing/number", "T": "/address/to/0", "L": "/lot/number"}
    (draft,) = mapped("N;T;L\nIR-1;borealis;A\n", columns)
    assert draft.groups == {"lot": {"number": "A"}}
    assert draft.filing.number == "IR-1"
    assert draft.filing.to == ("did:web:quality.example:parties:borealis",)


def test_every_bad_cell_is_told_by_row_and_column_at_once() -> None:
    text = "L;Q\nA;1,5\nB;many\nC;1.000,5\n"
    with pytest.raises(CellsRefused) as refused:
        mapped(text, {"L": "/lot/number", "Q": "/lot/quantity"})
    assert [place.partition(":")[0] for place in refused.value.places] == [
        "row 3, column B 'Q'",
        "row 4, column B 'Q'",
    ]


def test_rows_of_one_record_that_contradict_each_other_are_refused() -> None:
    columns = {"L": "/lot/number", "Q": "/lot/quantity"}
    assert len(mapped("L;Q\nA;1\nA;1\n", columns, per=("L",))) == 1
    with pytest.raises(CellsRefused) as refused:
        mapped("L;Q\nA;1\nA;2\n", columns, per=("L",))
    assert "row 3, column B 'Q': expected '1' as in row 2" in refused.value.places[0]


def test_a_pointer_leads_back_to_its_row_and_column() -> None:
    (draft,) = mapped("L;V\nA;1\nA;2\n", {"L": "/lot/number", "V": VALUE}, per=("L",))
    place = "/measurements/characteristics/0/values/1/value"
    assert draft.locate(place) == f"row 3, column B 'V' ({place})"
    assert draft.locate("/verdict") == "rows 2 to 3 (/verdict)"


def test_points_and_commas_in_one_table_are_refused() -> None:
    text = "D;R\n1,5;2.5\n"
    with pytest.raises(FormUnclear, match="decimal") as refused:
        mapped(text, {"D": VALUE, "R": VALUE.replace("0", "1")})
    comma, point = refused.value.places
    assert ("'D'" in comma, "'1,5'" in comma, "'R'" in point, "'2.5'" in point) == (True,) * 4
    # In a column of texts a point means nothing.
    assert mapped(text, {"D": VALUE, "R": "/lot/number"})


def test_a_number_that_could_be_a_thousand_times_as_much_is_refused_by_its_cell() -> None:
    columns = {"L": "/lot/number", "Q": "/lot/quantity"}
    with pytest.raises(FormUnclear, match=r"row 3, column B 'Q': .* found '1\.200'"):
        mapped("L;Q\nA;7\nB;1.200\n", columns)
    # Another number of the file shows what the sign is.
    drafts = mapped("L;Q\nA;7.5\nB;1.200\n", columns)
    assert drafts[1].groups["lot"]["quantity"] == "1.200"


@pytest.mark.parametrize(
    ("columns", "per", "expected"),
    [
        ({"X": "/lot/number"}, "row", "no column 'X'"),
        ({"L": "/lot/nummer"}, "row", "no place /lot/nummer"),
        ({"L": "lot.number"}, "row", "a place such as"),
        ({"L": "/lot/number"}, ("X",), "no column 'X'"),
        ({"L": "/measurements/characteristics/{X}/id"}, "row", "no column 'X'"),
        ({"L": "/measurements/characteristics/id"}, "row", "no place"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused_with_what_would(
    columns: dict[str, str], per: Any, expected: str
) -> None:
    with pytest.raises(MalformedMapping, match=expected) as refused:
        mapped("L;Q\nA;1\n", columns, per=per)
    assert refused.value.remedy


def test_a_constant_of_the_wrong_kind_is_refused() -> None:
    with pytest.raises(MalformedMapping, match="accept, reject, conditional"):
        mapped("L\nA\n", {"L": "/lot/number"}, constants={"/verdict/decision": "fine"})
    assert mapped("L\nA\n", {"L": "/lot/number"}, constants={"/verdict/decision": "accept"})
