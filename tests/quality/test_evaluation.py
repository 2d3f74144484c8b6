"""The evaluation consortium: the same from the same seed, streaming, and as the method says."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from functools import cache
from itertools import islice, pairwise
from statistics import median, quantiles

import pytest

from keys.encoding import decode_base64url
from ledger.compose import Composer
from ledger.record_type import RecordType, parse_record_type
from ledger.schema_faults import find_faults
from quality.builtin_codebooks import builtin_codebooks
from quality.codebooks import parse_codebook
from quality.evaluation.consortium import EvaluationConsortium
from quality.evaluation.delivery_records import DEFECTS
from quality.evaluation.draft import CITED_DAYS, Draft, cited, draft_body, draft_order, with_ids
from quality.evaluation.draws import open_stream, spread
from quality.evaluation.profile import SUPPLIERS, draw_profile, volume_at
from quality.evaluation.truth import Closed, Complained, Received, Shipped, Truth
from quality.rules import QualityRules
from quality.types import business_types

pytestmark = pytest.mark.item("4.9")
SMALL = EvaluationConsortium(seed=7, suppliers=30, months=2)


def digest(drafts: Iterable[Draft]) -> str:
    total = hashlib.sha256()
    for draft in drafts:
        total.update(json.dumps(draft_body(draft), sort_keys=True).encode())
    return total.hexdigest()


# ---- one seed, one consortium ----


def test_the_same_seed_gives_the_same_bytes() -> None:
    again = EvaluationConsortium(seed=7, suppliers=30, months=2)
    assert digest(islice(SMALL.drafts(), 2_000)) == digest(islice(again.drafts(), 2_000))


def test_another_seed_gives_other_bytes() -> None:
    other = EvaluationConsortium(seed=8, suppliers=30, months=2)
    assert digest(islice(SMALL.drafts(), 500)) != digest(islice(other.drafts(), 500))


def test_the_bytes_of_a_seed_do_not_change_by_accident() -> None:
    # Figures of methods are compared across versions: change this with the changelog.
    assert digest(islice(SMALL.drafts(), 2_000)) == PINNED


@pytest.mark.parametrize("months", [3, None])
def test_what_comes_first_does_not_depend_on_how_much_is_asked_for(months: int | None) -> None:
    shorter = EvaluationConsortium(seed=7, suppliers=8, months=2)
    longer = EvaluationConsortium(seed=7, suppliers=8, months=months)
    whole = list(shorter.drafts())
    assert digest(islice(longer.drafts(), len(whole))) == digest(whole)


def test_a_supplier_is_the_same_alone_as_among_others() -> None:
    among = [draft for draft in SMALL.drafts() if draft.stream == 11]
    assert digest(SMALL.supplier_drafts(11)) == digest(among)


def test_shares_of_several_workers_are_the_whole() -> None:
    few = EvaluationConsortium(seed=7, suppliers=8, months=2)
    shares = [few.share(part, 3) for part in range(3)]
    together = sorted((draft for share in shares for draft in share), key=draft_order)
    assert digest(together) == digest(few.drafts())


def test_drafts_come_in_the_order_of_their_admission() -> None:
    assert all(one.at_ms <= other.at_ms for one, other in pairwise(SMALL.drafts()))


def test_a_draft_refers_to_earlier_ones_of_another_time_only() -> None:
    at: dict[str, int] = {}
    for draft in SMALL.drafts():
        assert all(at[other] < draft.at_ms for other in cited(draft))
        at[draft.stand_in] = draft.at_ms


def test_record_ids_take_the_place_of_every_stand_in() -> None:
    receipt = next(draft for draft in SMALL.drafts() if draft.vct == "goods-receipt/v1")
    (shipment,) = set(cited(receipt))
    assert set(cited(with_ids(receipt, {shipment: "R" * 43}))) == {"R" * 43}


def test_a_stand_in_never_stays_where_the_record_has_no_id() -> None:
    receipt = next(draft for draft in SMALL.drafts() if draft.vct == "goods-receipt/v1")
    with pytest.raises(KeyError):
        with_ids(receipt, {})


# ---- records as the types want them ----


def check_conform(drafts: Iterable[Draft]) -> Counter[str]:
    """Every draft meets its schema and the trade's rules; how many of each type there are."""
    rules, seen = QualityRules(), Counter[str]()
    for draft in drafts:
        seen[draft.vct] += 1
        filled = {**closed_groups(draft), **draft.groups}
        assert find_faults(kinds()[draft.vct].groups_validator, filled) == (), draft
        assert rules.find_faults(draft.vct, filled) == (), draft
    return seen


@cache
def kinds() -> dict[str, RecordType]:
    return {kind.vct: kind for kind in map(parse_record_type, business_types())}


def closed_groups(draft: Draft) -> dict[str, object]:
    """The groups that the signer's software adds, as far as rules look at them."""
    signer = NoSigner(draft.party)
    composer = Composer("simulated.example", "A" * 43, signer, lambda count: b"0" * count)
    text = composer.compose_record(kinds()[draft.vct], draft.groups, filing=draft.filing, iat=0)
    names = {"manifest", "address", "filing"}
    opened = (json.loads(decode_base64url(item)) for item in text.split("~")[1:-1])
    return {name: value for _, name, value in opened if name in names}


class NoSigner:
    """Signs nothing: only what stands beside the content is wanted."""

    def __init__(self, slug: str) -> None:
        self.kid = f"did:web:simulated.example:parties:{slug}#z6Mk"

    def sign(self, _: bytes, /) -> bytes:
        return b"0" * 64


def test_every_draft_conforms_to_its_type() -> None:
    assert check_conform(islice(SMALL.drafts(), 2_500)).keys() == {
        *("act/v1", "site/v1", "part/v1", "specification/v1", "requirement/v1"),
        *("shipment/v1", "goods-receipt/v1", "inspection-report/v1", "quality-credential/v1"),
    }


def test_every_case_conforms_to_its_type() -> None:
    cases = (draft for draft in SMALL.drafts() if draft.vct == "corrective-action/v1")
    assert check_conform(islice(cases, 50)).total() == 50


@pytest.mark.long
@pytest.mark.timeout(900)
def test_every_draft_of_three_months_conforms_to_its_type() -> None:
    check_conform(islice(EvaluationConsortium(seed=2, months=3).drafts(), 0, None, 11))


def test_codes_stand_in_the_built_in_codebook() -> None:
    (text,) = (book.text for book in builtin_codebooks() if book.name == "codebook-defects")
    assert all(parse_codebook(text).find(code) for code in DEFECTS)


def test_flags_are_only_those_that_are_meant() -> None:
    rules = QualityRules()
    found = {
        (draft.vct, flag.code)
        for draft in islice(SMALL.drafts(), 6_000)
        for flag in rules.flags(draft.vct, draft.groups)
    }
    assert found == {("part/v1", "conversion-missing")}


def test_no_record_is_referred_to_after_its_time() -> None:
    said: dict[str, Draft] = {}
    for draft in EvaluationConsortium(seed=7, suppliers=14, months=5).drafts():
        for other in (said[name] for name in cited(draft)):
            assert draft.at_ms - other.at_ms <= CITED_DAYS[other.vct] * 86_400_000
        said[draft.stand_in] = draft


# ---- the figures of the method ----


@pytest.mark.parametrize(("share", "volume"), [(0.10, 500.0), (0.50, 5_000.0), (0.90, 100_000.0)])
def test_the_volume_distribution_has_the_three_quantiles(share: float, volume: float) -> None:
    assert volume_at(share) == pytest.approx(volume, rel=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_the_suppliers_are_as_the_method_says(seed: int) -> None:
    profiles = [draw_profile(seed, number) for number in range(1, SUPPLIERS + 1)]
    volumes = [profile.monthly_volume for profile in profiles]
    shares = {
        "below 500": sum(volume < 500 for volume in volumes),
        "above 100,000": sum(volume > 100_000 for volume in volumes),
        "one part": sum(profile.part_count == 1 for profile in profiles),
        "no complaint": sum(not profile.has_complaints for profile in profiles),
    }
    expected = {"below 500": 0.1, "above 100,000": 0.1, "one part": 0.15, "no complaint": 0.3}
    for name, share in expected.items():
        assert shares[name] / SUPPLIERS == pytest.approx(share, abs=0.012), name
    assert median(volumes) == pytest.approx(5_000, rel=0.05)
    assert {profile.part_count for profile in profiles} <= {1, *range(4, 41)}


def test_draws_spread_evenly_and_jointly() -> None:
    ours = [
        (spread(3, "a", number=n, root=2), spread(3, "b", number=n, root=5)) for n in range(400)
    ]
    for low in (0.0, 0.25, 0.5, 0.75):
        quarter = [other for one, other in ours if low <= one < low + 0.25]
        assert len(quarter) == pytest.approx(100, abs=3)
        assert median(quarter) == pytest.approx(0.5, abs=0.08)


def test_streams_of_different_things_are_different() -> None:
    drawn = {open_stream(1, what, who).random() for what in "ab" for who in "xy"}
    assert len(drawn) == 4


# ---- the truth beside it ----


def test_the_books_are_what_the_drafts_say() -> None:
    truth, received, shipped = Truth(), Counter[str](), Counter[str]()
    for draft in SMALL.drafts():
        truth.note(draft.fact)
        state = draft.groups.get("state", {})
        if draft.vct in ("shipment/v1", "goods-receipt/v1") and _is_counted(draft):
            amounts = received if draft.vct == "goods-receipt/v1" else shipped
            amounts[state["part"]["supplier"]] += int(draft.groups["goods"]["quantity"])
    in_books = Counter[str]()
    for cell, amount in truth.cells.items():
        if amount.unit == "H87":
            in_books[f"did:web:simulated.example:parties:{cell.supplier}"] += (
                amount.received_pieces or 0
            )
    assert in_books == +received
    assert sum(shipped.values()) > sum(received.values())


def _is_counted(draft: Draft) -> bool:
    return bool(draft.groups["goods"]["unit"] == "H87")


def test_lots_add_up_to_their_shipment_and_receipt() -> None:
    for draft in SMALL.drafts():
        goods = draft.groups.get("goods")
        if goods is not None:
            lots = sum(_thousandths(lot["quantity"]) for lot in goods["lots"])
            assert lots == _thousandths(goods["quantity"])
            assert all(_thousandths(lot["quantity"]) > 0 for lot in goods["lots"])


def _thousandths(text: str) -> int:
    whole, _, places = text.partition(".")
    return int(whole) * 1000 + int(places.ljust(3, "0") if places else 0)


def test_no_supplier_without_complaints_delivers_a_bad_unit() -> None:
    spared = {profile.slug for profile in SMALL.profiles if not profile.has_complaints}
    facts = [draft.fact for draft in SMALL.drafts()]
    assert spared
    assert all(
        not fact.bad_lots
        for fact in facts
        if isinstance(fact, Received) and fact.cell.supplier in spared
    )
    assert all(fact.supplier not in spared for fact in facts if isinstance(fact, Complained))


def test_a_supplier_delivers_as_much_as_its_profile_says() -> None:
    consortium = EvaluationConsortium(seed=7, suppliers=40, months=7)
    number = next(p.number for p in consortium.profiles if 20_000 < p.monthly_volume < 90_000)
    parts = {part.number: part for part in consortium.parts_of(number)}
    total = 0.0
    for draft in consortium.supplier_drafts(number):
        if isinstance(draft.fact, Shipped):
            total += sum(
                _thousandths(lot["quantity"])
                / 1000
                * (parts[draft.fact.cell.part].pieces_per_unit or 1)
                for lot in draft.groups["goods"]["lots"]
            )
    profile = consortium.profiles[number - 1]
    # The first days go by before anything is delivered, and month ends cut a run short.
    assert total / 6.8 == pytest.approx(profile.monthly_volume, rel=0.12)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_year_of_the_whole_consortium_is_as_the_method_says() -> None:
    consortium, truth = EvaluationConsortium(seed=1, months=12), Truth()
    for draft in consortium.drafts():
        truth.note(draft.fact)
    cases = list(truth.complaints.values())
    nothing = sum(not case.is_trouble for case in cases) / len(cases)
    assert nothing == pytest.approx(0.20, abs=0.03)
    real = Counter(case.severity for case in cases if case.is_trouble)
    for severity, share in (("critical", 0.05), ("major", 0.35), ("minor", 0.60)):
        assert real[severity] / real.total() == pytest.approx(share, abs=0.04)
    complained = {case.supplier for case in cases}
    assert 1 - len(complained) / SUPPLIERS == pytest.approx(0.30, abs=0.012)
    assert sum(c.bad for c in truth.complaints.values()) / sum(c.is_trouble for c in cases) == (
        pytest.approx(6.0, abs=0.8)
    )
    assert quantiles([lot.bad for lot in truth.bad_lots], n=10)[-1] > 10


def test_what_a_case_confirms_is_what_was_found() -> None:
    consortium = EvaluationConsortium(seed=7, suppliers=40, months=5)
    found, closed = {}, {}
    for draft in consortium.drafts():
        if isinstance(draft.fact, Complained):
            found[draft.fact.complaint] = draft.fact.found
        if isinstance(draft.fact, Closed):
            closed[draft.fact.complaint] = draft.fact.confirmed
    assert closed
    assert all(found[name] == confirmed for name, confirmed in closed.items())
    assert 0 in closed.values()


PINNED = "523ea6ed53c3b7b878b2be53868848167901c2b81e10c8d83f4e2acce64cf6d7"
