"""Whether cards, decisions, labels and versions of rules may be said here and now.

Four eyes are two keys of the line's owner, neither of them the card's own and neither a
machine's. That each key is another person's is for the owner to see to: names of persons are in
groups that can be erased, and nothing that is judged rests on them.
"""

from __future__ import annotations

from typing import Final

from ledger.domain_state import Said
from ledger.faults import Fault, Refusal
from ledger.fold_state import PublicFold
from ledger.relations import judge_given, unknown_record
from ledger.sharing.circumstances import STATE_INCOMPLETE
from ledger.sharing.filings import Filings
from quality.in_force.folds import InForce
from quality.in_force.models import (
    DECIDED_IN,
    Card,
    CardState,
    Decision,
    LineKey,
    Models,
    line_of,
)

CARD, DECISION = "model-card/v1", "model-decision/v1"
LABEL, RULES = "alarm-label/v1", "rule-limits/v1"
MODEL_VCTS: Final = frozenset({CARD, DECISION, LABEL, RULES})
#: Cards of one line that nobody has decided about: each is kept in memory.
SHADOWS_MAX: Final = 64
_UPLOAD: Final = "parameter-upload/v1"
_MACHINE: Final = "machine"


def judge_model_record(
    said: Said, agreed: InForce, *, fold: PublicFold, filings: Filings
) -> Refusal | None:
    """Why a record of :data:`MODEL_VCTS` may not be said here and now; None where it may.

    Args:
        said: the record and its facts.
        agreed: what the records before it have put in force.
        fold: the public fold before it, which knows whose hand each key is in.
        filings: what those records say of their own sharing.
    """
    if said.vct == CARD:
        return _judge_card(said, agreed)
    if said.vct == RULES:
        return _judge_rules(said, agreed)
    refusal = _judge_hand(said, fold)
    if refusal:
        return refusal
    if said.vct == DECISION:
        return _judge_decision(said, agreed.models)
    return _judge_label(said, filings)


def _judge_hand(said: Said, fold: PublicFold) -> Refusal | None:
    """What a person answers for is not signed by a machine."""
    key = fold.key(said.kid)
    if key is None or key.holder_kind != _MACHINE:
        return None
    return Refusal(
        "not-permitted",
        f"expected the key of a person or its device, found the machine's {key.kid}",
    )


# ---- cards ----


def _judge_card(said: Said, agreed: InForce) -> Refusal | None:
    state, models = said.facts["state"], agreed.models
    line = line_of(state["owner"], state["line"])
    refusal = agreed.sites.judge(line.owner, line.site, pointer="/state/line/site")
    if refusal:
        return refusal
    parent = state.get("parent")
    if parent is not None and not _is_of(models, parent, line):
        return unknown_record(parent)
    waiting = [card for card in models.of(line) if card.state is CardState.SHADOW]
    same = [card for card in waiting if card.onnx_sha256 == state["onnx_sha256"]]
    if same:
        expected = f"another model than record {same[0].record_id}, which waits for approval"
        return _invalid("/state/onnx_sha256", expected, state["onnx_sha256"])
    if len(waiting) < SHADOWS_MAX:
        return None
    return Refusal(
        "not-permitted",
        f"expected at most {SHADOWS_MAX} models of a line that wait for approval, found "
        f"{len(waiting)}: reject some",
    )


def _is_of(models: Models, record_id: str, line: LineKey) -> bool:
    card = models.by_id.get(record_id)
    return card is not None and card.line == line


# ---- decisions ----


def _judge_decision(said: Said, models: Models) -> Refusal | None:
    card = models.by_id.get(said.facts["state"]["card"])
    if card is None or card.line.owner != said.party:
        # Whether others have such a model is not for the signer to learn.
        return unknown_record(said.facts["state"]["card"])
    decision = Decision(said.facts["state"]["decision"])
    may = DECIDED_IN[decision]
    if card.state not in may:
        expected = " or ".join(sorted(may))
        return Refusal(
            "not-permitted",
            f"{decision}: expected a model that is {expected}, found {card.record_id} {card.state}"
            f" since entry {card.changed_at}",
        )
    if decision is Decision.APPROVE:
        return _judge_eyes(said, card)
    if decision is Decision.ROLL_BACK and models.rolls_back_to(card) is None:
        return Refusal(
            "not-permitted",
            "roll-back: expected a model that was active before this one, found none: retire it",
        )
    return None


def _judge_eyes(said: Said, card: Card) -> Refusal | None:
    if said.kid == card.signer:
        found = "the key that signed the card"
    elif said.kid in card.approvals:
        found = "one that has approved it already"
    else:
        return None
    return Refusal(
        "not-permitted",
        f"approve: expected another key of {said.party} (four eyes), found {found}",
    )


# ---- labels ----


def _judge_label(said: Said, filings: Filings) -> Refusal | None:
    upload = said.facts["upload"]
    found = filings.filed([upload])
    if upload in found and found[upload] is None:
        return Refusal(STATE_INCOMPLETE, f"expected the content of record {upload}, found none")
    filed = found.get(upload)
    if filed is None or filed.vct != _UPLOAD:
        return unknown_record(upload)
    if said.party == filed.owner:
        return None
    if said.party not in (filed.subject, *filed.to):
        return unknown_record(upload)
    return judge_given(filed.owner, said.given)


# ---- rules ----


def _judge_rules(said: Said, agreed: InForce) -> Refusal | None:
    state = said.facts["state"]
    line = line_of(said.party, state["line"])
    refusal = agreed.sites.judge(said.party, line.site, pointer="/state/line/site")
    if refusal:
        return refusal
    newest = agreed.rule_versions.newest(line)
    wanted, version = (newest.record_id, newest.version + 1) if newest else (None, 1)
    if state.get("previous") != wanted:
        # A change that was made beside another one would undo it unseen.
        expected = f"{wanted}, the version that holds" if wanted else "none: it is the first one"
        return _invalid("/state/previous", expected, state.get("previous") or "none")
    if state["version"] != version:
        return _invalid("/state/version", str(version), state["version"])
    return None


def _invalid(pointer: str, expected: str, found: object) -> Refusal:
    fault = Fault(pointer, expected, str(found))
    return Refusal("invalid-claims", f"{pointer}: expected {expected}, found {found}", (fault,))
