"""What is not agreed is flagged: what a record says beside what was in force before it."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.domain_state import Said
from ledger.relations import ACT_VCT
from quality.flags import Flag
from quality.in_force.folds import InForce, delivered_part, has_part_in, inspected_part
from quality.in_force.parts import PartKey
from quality.in_force.specifications import SpecificationRevision, as_of, in_force


def find_flags(said: Said, agreed: InForce) -> Iterator[Flag]:
    """The flags of a record that only the records before it tell.

    Args:
        said: an admitted record and its facts.
        agreed: what was put in force before it, and perhaps after it: later entries change
            no flag.
    """
    if said.vct == ACT_VCT:
        return
    yield from _site_flags(said, agreed)
    if said.vct == "inspection-report/v1":
        yield from _inspection_flags(said, agreed)
    elif said.vct in ("shipment/v1", "goods-receipt/v1"):
        revision = said.facts["state"]["part"].get("revision")
        place = "/state/part/revision"
        current = _current_revision(agreed, delivered_part(said), said.index)
        yield from _revision_flags(current, revision, place=place)


def _site_flags(said: Said, agreed: InForce) -> Iterator[Flag]:
    if "site" not in said.facts or agreed.sites.has_any(said.party, before=said.index):
        return
    yield Flag(
        "site-missing",
        said.facts["site"][1],
        en="the signer has registered no site: where this was done is not known",
        zh="签署方未登记任何场所：无法确定发生地点",
    )


def _inspection_flags(said: Said, agreed: InForce) -> Iterator[Flag]:
    cited, limits, key = said.facts["specification"], said.facts["limits"], inspected_part(said)
    if cited is None and limits:
        yield Flag(
            "limits-not-agreed",
            limits[0],
            en="the limits were typed by the inspector: no specification is cited",
            zh="规格限由检验方录入：未引用规格",
        )
    if key is None or not has_part_in(said, agreed, key):
        return
    revision = said.facts["part"]["revision"]
    current = _current_revision(agreed, key, said.index)
    yield from _revision_flags(current, revision, place="/lot/part_revision")
    found = cited_specification(said, agreed)
    if found is not None:
        chain = as_of(agreed.specifications.of(key).get(found.code, ()), said.index)
        day = said.facts["day"]
        yield from _age_flags(found, in_force(chain, day), day=day)


def cited_specification(said: Said, agreed: InForce) -> SpecificationRevision | None:
    """The revision that an inspection cites, as it was for its entry; None where there is none.

    Args:
        said: an admitted inspection report and its facts.
        agreed: what was put in force before it, and perhaps after it.
    """
    cited, key = said.facts["specification"], inspected_part(said)
    if cited is None or key is None or not has_part_in(said, agreed, key):
        return None
    chain = as_of(agreed.specifications.of(key).get(cited["id"], ()), said.index)
    return next((one for one in chain if one.revision == cited["revision"]), None)


def _age_flags(
    cited: SpecificationRevision, current: SpecificationRevision | None, *, day: str
) -> Iterator[Flag]:
    """An inspection against a revision that does not hold yet, or no longer."""
    if cited.in_force_from > day:
        yield Flag(
            "specification-not-yet-in-force",
            "/lot/specification/revision",
            en=f"{cited.code} {cited.revision} is in force from {cited.in_force_from} only",
            zh=f"{cited.code} {cited.revision} 自 {cited.in_force_from} 起生效",
        )
    elif current is not None and current.record_id != cited.record_id:
        yield Flag(
            "specification-superseded",
            "/lot/specification/revision",
            en=f"{cited.code} {current.revision} superseded {cited.revision} "
            f"on {current.in_force_from}",
            zh=f"{cited.code} {cited.revision} 已于 {current.in_force_from} "
            f"被 {current.revision} 取代",
        )


def _current_revision(agreed: InForce, key: PartKey, index: int) -> str | None:
    part = agreed.parts.find(key)
    revision = part.revision_at(index) if part else None
    return revision.revision if revision else None


def _revision_flags(current: str | None, stated: str | None, *, place: str) -> Iterator[Flag]:
    if current is not None and stated is not None and stated != current:
        yield Flag(
            "revision-not-current",
            place,
            en=f"the record is about revision {stated} of the part, in force was {current}",
            zh=f"记录所涉零件版本为 {stated}，当时现行版本为 {current}",
        )
