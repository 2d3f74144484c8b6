"""Masters as a reading of the whole history, without any state kept: slow and plain.

Written from docs/spec/masters.md alone. Every answer starts at the first record again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from ledger.domain_state import Said

IN_FORCE: Final = frozenset({"GEARS", "SHAFTS"})


class SlowMasters:
    """What the admitted records so far mean. A supply relation over ``IN_FORCE`` is presumed."""

    def __init__(self, history: Sequence[Said] = ()) -> None:
        """Begin with these."""
        self.history = tuple(history)

    def after(self, said: Said) -> SlowMasters:
        """With one more record."""
        return SlowMasters((*self.history, said))

    # ---- what is in force ----

    def sites(self, party: str) -> set[str]:
        return {one.facts["state"]["site"] for one in self._of("site/v1") if one.party == party}

    def part(self, number: str) -> tuple[str | None, str | None, str | None]:
        """Record ids in force and proposed, and the family."""
        in_force = proposed = family = None
        families = {}
        for one in self.history:
            facts = one.facts
            if one.vct == "part/v1" and facts["state"]["number"] == number:
                proposed, families[one.record_id] = one.record_id, facts["state"]["family"]
                family = family if in_force else families[one.record_id]
            elif (
                one.vct == "act/v1" and facts["act"] == "move" and facts["part"]["number"] == number
            ):
                family = facts["family"]
            elif one.vct == "act/v1" and facts.get("of") == proposed and proposed:
                in_force = proposed if facts["meaning"] == "approve" else in_force
                proposed = None
        return in_force, proposed, family

    def specifications(self, number: str) -> list[Said]:
        """The revisions of the part's specifications that were not corrected away."""
        known = [
            one for one in self._of("specification/v1") if one.facts["state"]["part"] == number
        ]
        corrected = {one.corrects for one in self._of("specification/v1")}
        return [one for one in known if one.record_id not in corrected]

    def specifications_at(self, number: str, day: str) -> set[str]:
        best: dict[str, Said] = {}
        for one in self.specifications(number):
            state = one.facts["state"]
            held = best.get(state["specification"])
            begins = state["in_force_from"]
            if begins <= day and (held is None or held.facts["state"]["in_force_from"] <= begins):
                best[state["specification"]] = one
        return {one.record_id for one in best.values()}

    def requirement(self) -> tuple[list[Said], str | None]:
        """The acknowledged records, and the one that waits."""
        acknowledged, waiting = [], None
        for one in self.history:
            if one.vct == "requirement/v1":
                waiting = one
            elif waiting and one.vct == "act/v1" and one.facts.get("of") == waiting.record_id:
                acknowledged += [waiting] if one.facts["meaning"] == "approve" else []
                waiting = None
        return acknowledged, waiting.record_id if waiting else None

    # ---- what may be said ----

    def judge(self, said: Said) -> str | None:
        """The code of the refusal of a record, or None."""
        facts = said.facts
        if "site" in facts and (known := self.sites(said.party)):
            if facts["site"][0] is None:
                return "site-required"
            if facts["site"][0] not in known:
                return "unknown-site"
        judges = {
            "act/v1": self._judge_act,
            "part/v1": self._judge_part,
            "specification/v1": self._judge_specification,
            "shipment/v1": self._judge_shipment,
            "inspection-report/v1": self._judge_inspection,
        }
        judge = judges.get(said.vct)
        return judge(said, facts) if judge else None

    def _judge_act(self, said: Said, act: Any) -> str | None:
        if act["act"] == "move":
            in_force, _, family = self.part(act["part"]["number"])
            if said.party != act["part"]["customer"]:
                return "not-permitted"
            if family is None:
                return "unknown-part"
            if in_force is None:
                return "part-not-in-force"
            if family == act["family"]:
                return "not-permitted"
            return None if act["family"] in IN_FORCE else "relation-not-in-force"
        asked = {
            one.record_id: one for one in self.history if one.vct in ("part/v1", "requirement/v1")
        }
        known = asked.get(act["of"])
        parties = known and {known.party, *known.to}
        if not known or not parties or said.party not in parties:
            return "unknown-record"
        waits = self.requirement()[1]
        if known.vct == "part/v1":
            waits = self.part(known.facts["state"]["number"])[1]
        return "not-permitted" if said.party == known.party or waits != act["of"] else None

    def _judge_part(self, _: Said, facts: Any) -> str | None:
        state = facts["state"]
        in_force, _waiting, family = self.part(state["number"])
        if in_force and family != state["family"]:
            return "not-permitted"
        return None if state["family"] in IN_FORCE else "relation-not-in-force"

    def _judge_specification(self, said: Said, facts: Any) -> str | None:
        state = facts["state"]
        if self.part(state["part"])[2] is None:
            return "unknown-part"
        same = [
            one
            for one in self.specifications(state["part"])
            if _name(one) == _name(said) and one.record_id != said.corrects
        ]
        return "not-permitted" if same else None

    def _judge_shipment(self, _: Said, facts: Any) -> str | None:
        number = facts["state"]["part"]["number"]
        in_force, _waiting, family = self.part(number)
        if family is None:
            others = {one.facts["state"]["number"] for one in self._of("part/v1")}
            return "unknown-part" if any(self.part(other)[0] for other in others) else None
        return None if in_force else "part-not-in-force"

    def _judge_inspection(self, _: Said, facts: Any) -> str | None:
        number, cited = facts["part"]["number"], facts["specification"]
        if cited:
            names = [_name(one) for one in self.specifications(number)]
            if (cited["id"], cited["revision"]) not in names:
                return "unknown-specification"
            return "limit-typed" if facts["limits"] else None
        if self.part(number)[0] and self.specifications_at(number, facts["day"]):
            return "specification-required"
        return None

    def _of(self, vct: str) -> Iterator[Said]:
        return (one for one in self.history if one.vct == vct)


def _name(one: Said) -> tuple[str, str]:
    state = one.facts["state"]
    return state["specification"], state["revision"]
