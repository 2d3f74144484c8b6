"""Acts of sampling: what a customer says of severities, and its commits and reveals of skip-lot.

What rests on inspections (whether a lot is qualified, which one is drawn) is no matter of
admission: :mod:`quality.sampling` tells it of what was admitted.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ledger.domain_state import Said
from ledger.faults import Fault, Refusal
from ledger.fold_state import Parameters
from ledger.relations import judge_given, unknown_record
from ledger.sharing.circumstances import STATE_INCOMPLETE
from ledger.sharing.filings import Filings
from quality.in_force.folds import InForce
from quality.in_force.judging_acts import judge_supply
from quality.in_force.parts import Part, PartKey
from quality.in_force.skipping import CHAIN_LENGTH_MAX, GAP_MAX, SkipCommit, read_hash
from quality.sampling.parameters import CLASSES, SAMPLING, SamplingParameters, sampling_in_force

#: To which severities each reason leads.
REASONS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "customer-wish": ("normal", "tightened"),
        "irregular-production": ("normal",),
        "gap-lot": ("normal",),
        "corrective-action": ("tightened",),
        "reduced-authorised": ("reduced",),
    }
)
SEVERITY, COMMIT, REVEAL = "severity", "skip-commit", "skip-reveal"
SAMPLING_ACTS: Final = frozenset({SEVERITY, COMMIT, REVEAL})
_SHIPMENT: Final = "shipment/v1"


def judge_sampling(
    said: Said, agreed: InForce, *, parameters: Mapping[str, Parameters], filings: Filings
) -> Refusal | None:
    """Why an act of sampling may not be said here and now; None where it may.

    Args:
        said: an act of :data:`SAMPLING_ACTS`.
        agreed: what the records before it have put in force.
        parameters: those in force, among them the defaults of sampling.
        filings: what those records say of their own sharing.
    """
    act = said.facts["act"]
    if act == REVEAL:
        return _judge_reveal(said, agreed, filings)
    stated = said.facts["part"]
    key = PartKey(stated["customer"], stated["supplier"], stated["number"])
    if said.party != key.customer:
        return Refusal(
            "not-permitted", f"expected an act of the customer {key.customer}, found {said.party}"
        )
    part = agreed.parts.find(key)
    if part is None:
        return agreed.parts.unknown(key, pointer="/state/part/number")
    judge = _judge_severity if act == SEVERITY else _judge_commit
    return (
        _judge_part(part)
        or judge_given(key.supplier, said.given)
        or _judge_site(said, agreed, key)
        or judge(said, agreed, part=part, defaults=sampling_in_force(parameters))
    )


def judge_end(said: Said, agreed: InForce) -> Refusal | None:
    """Whether a commit may be ended: by its customer, once."""
    commit = agreed.skipping.by_id[said.facts["of"]]
    refusal = _judge_own(said, commit)
    if refusal:
        return refusal
    if commit.ended_at is not None:
        return Refusal(
            "not-permitted",
            f"expected a commit that has not ended, found one that ended at entry "
            f"{commit.ended_at}",
        )
    return judge_given(commit.part.supplier, said.given)


def _judge_part(part: Part) -> Refusal | None:
    if part.in_force is not None:
        return None
    return Refusal(
        "part-not-in-force",
        f"expected {part.key.number} endorsed by {part.key.supplier}, found it proposed only",
    )


def _judge_site(said: Said, agreed: InForce, key: PartKey) -> Refusal | None:
    """A site that is named is one of the supplier's; without one the act is about all of them."""
    site = said.facts.get("site")
    if site is None:
        return None
    return agreed.sites.judge(key.supplier, site, pointer="/state/site")


# ---- severities ----


def _judge_severity(
    said: Said, agreed: InForce, *, part: Part, defaults: SamplingParameters | None
) -> Refusal | None:
    del agreed, part
    act = said.facts
    if act["class"] not in CLASSES:
        return _invalid("/state/class", f"one of {', '.join(CLASSES)}", act["class"])
    leads_to = REASONS.get(act["reason"])
    if leads_to is None:
        return _invalid("/state/reason", f"one of {', '.join(REASONS)}", act["reason"])
    if act["to"] not in leads_to:
        expected = f"{' or '.join(leads_to)}, to which {act['reason']} leads"
        return _invalid("/state/to", expected, act["to"])
    if act["to"] != "reduced" or (defaults and defaults.may_reduce):
        return None
    return Refusal(
        "not-permitted",
        f"expected parameters {SAMPLING} in force that allow reduced inspection, found "
        f"{'ones that do not' if defaults else 'none'}: it is off until the members vote for it",
    )


# ---- skip-lot ----


def _judge_commit(
    said: Said, agreed: InForce, *, part: Part, defaults: SamplingParameters | None
) -> Refusal | None:
    act, key = said.facts, part.key
    refusal = judge_supply(agreed, (key.customer, key.supplier), family=part.family)
    if refusal:
        return refusal
    if defaults is None:
        return Refusal(
            "not-permitted",
            f"expected parameters {SAMPLING} in force, which bound skip-lot, found none: founder "
            "1 runs 'lotmark define-types'",
        )
    bounds = defaults.skip_lot
    for name, least, most in (
        ("length", 1, CHAIN_LENGTH_MAX),
        ("one_in", 2, bounds.one_in_max),
        ("accepted_before", bounds.accepted_before, None),
        ("reveal_within_hours", 1, bounds.reveal_within_hours_max),
    ):
        value = act[name]
        if value < least or (most is not None and value > most):
            expected = f"{least} to {most}" if most is not None else f"{least} or more"
            return _invalid(f"/state/{name}", f"{expected}, by parameters {SAMPLING}", value)
    return _judge_alone(said, agreed, key)


def _judge_alone(said: Said, agreed: InForce, key: PartKey) -> Refusal | None:
    """One commit takes a lot: of two, the customer could choose the draw that it likes."""
    act = said.facts
    live = agreed.skipping.live(key, act.get("site"))
    if live is not None:
        return Refusal(
            "not-permitted",
            f"expected no commit in force for these lots, found record {live.record_id}: end it "
            "first",
        )
    if agreed.skipping.is_used(key.customer, act["end"]):
        expected = "the end of a chain that was not committed before"
        return _invalid("/state/end", expected, "one that was committed or revealed")
    return None


def _judge_reveal(said: Said, agreed: InForce, filings: Filings) -> Refusal | None:
    act = said.facts
    commit = agreed.skipping.by_id.get(act["of"])
    if commit is None:
        return unknown_record(act["of"])
    refusal = _judge_own(said, commit) or judge_given(commit.part.supplier, said.given)
    if refusal:
        return refusal
    if not commit.is_live or commit.is_used_up:
        return Refusal(
            "not-permitted", "expected a commit in force, found one that ended or is used up"
        )
    if (commit.record_id, act["lot"]) in agreed.skipping.revealed:
        expected = "a lot that no reveal of this commit names yet"
        return _invalid("/state/lot", expected, act["lot"])
    return _judge_lot(said, commit, filings) or _judge_chain(said, commit)


def _judge_own(said: Said, commit: SkipCommit) -> Refusal | None:
    if said.party == commit.part.customer:
        return None
    if said.party == commit.part.supplier:
        return Refusal(
            "not-permitted",
            f"expected an act of the customer {commit.part.customer}, found {said.party}",
        )
    # Whether there is such a commit is not for others to learn.
    return unknown_record(commit.record_id)


def _judge_lot(said: Said, commit: SkipCommit, filings: Filings) -> Refusal | None:
    """What is revealed for is a shipment of the supplier's that stands behind the commit."""
    lot = said.facts["lot"]
    found = filings.filed([lot])
    if lot in found and found[lot] is None:
        return Refusal(STATE_INCOMPLETE, f"expected the content of record {lot}, found none")
    filed = found.get(lot)
    part = commit.part
    if filed is None or (filed.vct, filed.issuer) != (_SHIPMENT, part.supplier):
        return unknown_record(lot)
    if part.customer not in (filed.subject, *filed.to):
        return unknown_record(lot)
    if filed.index > commit.index:
        return None
    expected = f"a shipment that was admitted behind entry {commit.index}, the commit"
    return _invalid("/state/lot", expected, f"entry {filed.index}")


def _judge_chain(said: Said, commit: SkipCommit) -> Refusal | None:
    position, value = said.facts["position"], read_hash(said.facts["preimage"])
    if not commit.position < position <= commit.length:
        expected = f"{commit.position + 1} to {commit.length}, what is not revealed yet"
        return _invalid("/state/position", expected, position)
    if position > commit.position + GAP_MAX:
        expected = (
            f"at most {commit.position + GAP_MAX}, {GAP_MAX} above the newest reveal (end the "
            "commit and commit another chain)"
        )
        return _invalid("/state/position", expected, position)
    if value is not None and commit.leads_on(value, position):
        return None
    expected = f"a value that leads by {position - commit.position} hashes to {commit.known}"
    return _invalid("/state/preimage", expected, "another")


def _invalid(pointer: str, expected: str, found: object) -> Refusal:
    fault = Fault(pointer, expected, str(found))
    return Refusal("invalid-claims", f"{pointer}: expected {expected}, found {found}", (fault,))
