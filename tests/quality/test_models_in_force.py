"""Cards, decisions, labels and rules at admission: four eyes, one active model, one chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.identifiers import Origin
from ledger.domain_state import Said
from ledger.faults import Refusal
from ledger.fold_state import PublicFold
from ledger.party import Party, RegisteredKey, Standing
from ledger.sharing.filed import Filed
from quality.in_force.judging_models import SHADOWS_MAX
from quality.in_force.models import Decision, LineKey
from quality.masters import Masters

ORIGIN: Final = "did:web:log.example:parties"
OWNER, CUSTOMER, STRANGER, OPERATOR = (f"{ORIGIN}:{one}" for one in ("own", "cus", "str", "ops"))
PLACE: Final = {"site": "P-1", "line": "L2", "machine": "M-1", "part": "GR-1"}
LINE: Final = LineKey(OWNER, *PLACE.values())
SERVICE: Final = f"{OPERATOR}#service"
ANNA, BERT, CARL = (f"{OWNER}#{name}" for name in ("anna", "bert", "carl"))
ROBOT: Final = f"{OWNER}#robot"
UPLOAD, SHIPMENT, LOST = "u" * 43, "h" * 43, "l" * 43
CARD, DECISION, LABEL, RULES = (
    *("model-card/v1", "model-decision/v1"),
    *("alarm-label/v1", "rule-limits/v1"),
)


def a_fold() -> PublicFold:
    keys = {
        kid.partition("#")[2]: RegisteredKey(
            kid, OWNER, frozenset({"records"}), "machine" if kid == ROBOT else "person", 1
        )
        for kid in (ANNA, BERT, CARL, ROBOT)
    }
    party = Party(
        did=OWNER,
        slug="own",
        names={},
        roles=frozenset({"supplier"}),
        accreditations=frozenset(),
        entity="",
        parent=None,
        commitment="",
        joined_at=0,
        standings=((0, Standing.MEMBER),),
        keys=keys,
    )
    return PublicFold(Origin("log.example"), parties={OWNER: party})


def filed(record_id: str, vct: str) -> Filed:
    sharing = {"tiers": (), "to": (CUSTOMER,), "case": None, "family": None, "policy": ""}
    return Filed(record_id, 2, 0, vct, OWNER, OWNER, None, **sharing)  # type: ignore[arg-type]


RECORDS: Final[Mapping[str, Filed | None]] = {
    UPLOAD: filed(UPLOAD, "parameter-upload/v1"),
    SHIPMENT: filed(SHIPMENT, "shipment/v1"),
    LOST: None,
}


@dataclass
class Log:
    """A log of these records alone; a record id is the place of its entry."""

    masters: Masters = field(default_factory=Masters)
    index: int = 10

    def filed(self, record_ids: Sequence[str]) -> Mapping[str, Filed | None]:
        """The filings of the log."""
        return {key: RECORDS[key] for key in record_ids if key in RECORDS}

    def judge(self, said: Said) -> Refusal | None:
        return self.masters.judge(said, a_fold(), filings=self)

    def say(self, vct: str, facts: dict[str, Any], kid: str = ANNA, to: str = "") -> Said:
        given = (to,) if to else ()
        party, number = kid.partition("#")[0], f"{self.index:043d}"
        return Said(self.index, 0, number, party, vct, given, to or None, None, None, facts, kid)

    def put(self, said: Said) -> str:
        refusal = self.judge(said)
        assert refusal is None, refusal
        self.masters = self.masters.apply(said, a_fold())
        self.index += 1
        return said.record_id

    def card(self, digest: str = "", kid: str = SERVICE, **state: Any) -> Said:
        owned = {"owner": OWNER, "line": PLACE, "onnx_sha256": digest or f"{self.index}", **state}
        return self.say(CARD, {"state": owned}, kid)

    def decide(self, card: str, decision: str, kid: str = ANNA) -> Said:
        state = {"card": card, "decision": decision, "reason": "other"}
        return self.say(DECISION, {"state": state}, kid)

    def activate(self, **state: Any) -> str:
        """A card that two people approved and one put in force."""
        card = self.put(self.card(**state))
        for kid, decision in ((ANNA, "approve"), (BERT, "approve"), (ANNA, "activate")):
            self.put(self.decide(card, decision, kid))
        return card

    def state(self, card: str) -> str:
        return self.masters.models.by_id[card].state

    def code(self, said: Said) -> str | None:
        refusal = self.judge(said)
        return refusal.code if refusal else None

    def rules(self, version: int, previous: str | None = None, **line: str) -> Said:
        state: dict[str, Any] = {"line": {**PLACE, **line}, "version": version}
        return self.say(RULES, {"state": state | ({"previous": previous} if previous else {})})

    def label(self, upload: str, kid: str = ANNA, to: str = "") -> Said:
        return self.say(LABEL, {"upload": upload}, kid, to)


@pytest.fixture
def log() -> Log:
    return Log()


# ---- four eyes ----


@pytest.mark.item("7.5.states")
def test_a_model_is_active_once_two_people_have_approved_it(log: Log) -> None:
    card = log.put(log.card())
    assert (log.state(card), log.code(log.decide(card, "activate"))) == ("shadow", "not-permitted")
    log.put(log.decide(card, "approve", ANNA))
    assert (log.state(card), log.code(log.decide(card, "activate"))) == ("shadow", "not-permitted")
    log.put(log.decide(card, "approve", BERT))
    assert (log.state(card), log.masters.models.active_of(LINE)) == ("approved", None)
    log.put(log.decide(card, "activate"))
    assert log.masters.models.active_of(LINE) == log.masters.models.by_id[card]


@pytest.mark.item("7.5.states")
def test_the_second_pair_of_eyes_is_another_one(log: Log) -> None:
    card = log.put(log.card(kid=ANNA))
    own = log.judge(log.decide(card, "approve", ANNA))
    assert own is not None
    assert "found the key that signed the card" in str(own)
    log.put(log.decide(card, "approve", BERT))
    again = log.judge(log.decide(card, "approve", BERT))
    assert again is not None
    assert "found one that has approved it already" in str(again)
    assert log.code(log.decide(card, "approve", CARL)) is None


def test_a_machine_decides_and_labels_nothing(log: Log) -> None:
    card = log.put(log.card())
    assert log.code(log.decide(card, "approve", CARL)) is None
    assert log.code(log.decide(card, "approve", ROBOT)) == "not-permitted"
    assert log.code(log.label(UPLOAD, CARL)) is None
    assert log.code(log.label(UPLOAD, ROBOT)) == "not-permitted"


def test_the_model_of_another_is_as_one_that_is_not_there(log: Log) -> None:
    card = log.put(log.card())
    for of, kid in ((card, f"{STRANGER}#x"), (card, SERVICE), ("n" * 43, ANNA)):
        refusal = log.judge(log.decide(of, "approve", kid))
        assert refusal is not None
        assert str(refusal).replace(of, "ID") == str(log.judge(log.decide("ID", "approve")))


# ---- the life of a model ----


@pytest.mark.item("7.5.states")
def test_the_next_model_supersedes_and_a_roll_back_brings_the_one_before_again(log: Log) -> None:
    first, second = log.activate(), log.activate()
    assert (log.state(first), log.state(second)) == ("superseded", "active")
    log.put(log.decide(second, "roll-back"))
    assert (log.state(first), log.state(second)) == ("active", "rolled-back")
    assert log.code(log.decide(first, "roll-back")) == "not-permitted"
    log.put(log.decide(first, "retire"))
    models = log.masters.models
    assert models.active_of(LINE) is None
    assert models.first_of(LINE) == models.by_id[first]


def test_a_rejected_model_is_never_active(log: Log) -> None:
    card = log.put(log.card("d"))
    log.put(log.decide(card, "reject"))
    assert log.code(log.decide(card, "approve")) == "not-permitted"
    assert log.code(log.card("d")) is None


def test_a_card_names_a_parent_of_its_own_line(log: Log) -> None:
    parent = log.put(log.card())
    assert log.code(log.card(parent=parent)) is None
    assert log.code(log.card(parent="n" * 43)) == "unknown-record"
    other = {**PLACE, "machine": "M-2"}
    assert log.code(log.card(parent=parent, line=other)) == "unknown-record"


def test_a_model_waits_once_and_so_many_do_at_most(log: Log) -> None:
    log.put(log.card("0"))
    assert log.code(log.card("0")) == "invalid-claims"
    for number in range(1, SHADOWS_MAX):
        log.put(log.card(str(number)))
    assert log.code(log.card("new")) == "not-permitted"
    assert log.code(log.card("new", line={**PLACE, "machine": "M-2"})) is None


DECISIONS: Final = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(tuple(Decision)), st.sampled_from((ANNA, BERT))),
    max_size=24,
)


@settings(max_examples=60, deadline=None)
@given(DECISIONS)
def test_admission_takes_what_changes_the_life_of_a_card_and_nothing_else(
    steps: list[tuple[int, Decision, str]],
) -> None:
    log = Log()
    cards = [log.put(log.card()) for _ in range(3)]
    for number, decision, kid in steps:
        said = log.decide(cards[number], decision, kid)
        before, is_taken = log.masters.models, log.judge(said) is None
        log.masters = log.masters.apply(said, a_fold())
        assert is_taken == (log.masters.models != before)


# ---- labels and rules ----


@pytest.mark.item("7.7.labels")
def test_an_alarm_is_labelled_by_who_was_told_of_it_and_its_owner_learns(log: Log) -> None:
    assert log.code(log.label(UPLOAD)) is None
    assert log.code(log.label(UPLOAD, f"{CUSTOMER}#x", to=OWNER)) is None
    assert log.code(log.label(UPLOAD, f"{CUSTOMER}#x")) == "invalid-claims"
    assert log.code(log.label(UPLOAD, f"{STRANGER}#x", to=OWNER)) == "unknown-record"
    assert log.code(log.label(SHIPMENT)) == "unknown-record"
    assert log.code(log.label("n" * 43)) == "unknown-record"
    assert log.code(log.label(LOST)) == "state-incomplete"


@pytest.mark.item("7.4.rules")
def test_every_change_of_rules_is_a_version_behind_the_one_that_holds(log: Log) -> None:
    assert log.code(log.rules(2)) == "invalid-claims"
    first = log.put(log.rules(1))
    assert log.code(log.rules(1)) == "invalid-claims"
    assert log.code(log.rules(3, first)) == "invalid-claims"
    second = log.put(log.rules(2, first))
    # Who changed the first version meanwhile is told of the second one.
    refusal = log.judge(log.rules(2, first))
    assert refusal is not None
    assert refusal.faults[0].expected == f"{second}, the version that holds"
    assert log.code(log.rules(1, machine="M-2")) is None
    newest = log.masters.rule_versions.newest(LINE)
    assert newest is not None
    assert (newest.record_id, newest.version, newest.previous) == (second, 2, first)


def test_a_line_is_at_a_site_of_its_owner(log: Log) -> None:
    site = {"state": {"site": "P-1", "kind": "plant"}, "site": ["P-1", "/state/site"]}
    log.put(log.say("site/v1", site))
    other = {**PLACE, "site": "P-2"}
    assert (log.code(log.card()), log.code(log.card(line=other))) == (None, "unknown-site")
    assert (log.code(log.rules(1)), log.code(log.rules(1, site="P-2"))) == (None, "unknown-site")
