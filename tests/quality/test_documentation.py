"""The reference page and the specification are complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from quality.credential import SIGNING_ROLES
from tests.quality.examples import VCTS, definitions
from tests.quality.test_flags import CASES
from tests.quality.test_types import MEMBERS

pytestmark = pytest.mark.item("2.3")
DOCS = Path(__file__).resolve().parents[2] / "docs"
REFERENCE = (DOCS / "reference" / "record-types.md").read_text(encoding="utf-8")
SPECIFICATION = (DOCS / "spec" / "record-types.md").read_text(encoding="utf-8")


def section(vct: str) -> str:
    """The part of the reference page about one type."""
    _, _, rest = REFERENCE.partition(f"\n## {vct}\n")
    return rest.partition("\n## ")[0]


@pytest.mark.parametrize("vct", VCTS)
def test_the_reference_states_every_group_with_its_tiers(vct: str) -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \| (1?) *\|.*\| (.+) \|$", section(vct), re.MULTILINE)
    stated = {name: (mark, tiers.replace("*", "")) for name, mark, tiers in rows}
    assert stated == {
        name: (
            "1" if rule["cardinality"] == "1" else "",
            f"{rule['floor']} / {rule['default']} / {rule['ceiling']}",
        )
        for name, rule in definitions()[vct]["groups"].items()
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.code)
def test_the_reference_names_every_flag(case: object) -> None:
    vct, code = getattr(case, "vct", ""), getattr(case, "code", "")
    assert f"`{code}`" in section(vct)


def test_every_flag_of_the_code_has_a_case() -> None:
    source = Path(__file__).resolve().parents[2] / "quality"
    # What an inspection shows beside the specification that it cites takes both records.
    paths = [
        path
        for path in [*source.glob("*.py"), *source.glob("inspecting/*.py")]
        if path.name != "agreed_limits.py"
    ]
    texts = "".join(path.read_text(encoding="utf-8") for path in paths)
    codes = set(re.findall(r"Flag\(\s*\"([a-z-]+)\"", texts))
    assert codes == {case.code for case in CASES}


@pytest.mark.parametrize("kind", SIGNING_ROLES)
def test_the_reference_states_who_signs_a_credential(kind: str) -> None:
    row = next(line for line in REFERENCE.splitlines() if f"`{kind}`" in line)
    assert set(re.findall(r"[a-z]+", row.split("|")[2])) >= SIGNING_ROLES[kind]


@pytest.mark.parametrize("member", sorted(MEMBERS))
def test_the_specification_defines_every_member_of_a_definition(member: str) -> None:
    assert f"\n| `{member}` |" in SPECIFICATION
