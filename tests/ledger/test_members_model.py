"""The fold agrees with the rules written down a second time, whatever the members do."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.commitment import commit_key
from ledger.fold import PublicFold, apply
from ledger.quorum import find_out_of_reach
from ledger.rules import ACTS
from tests.ledger.acts import DAY_MS, Members, admission_of
from tests.ledger.parties import PartyKeys, PartySigner, Plan, a_consortium, a_party, resign
from tests.ledger.slow_members import Step, World, may, world_after
from tests.ledger.test_fold import governing

pytestmark = [pytest.mark.item("3.1"), pytest.mark.item("3.2")]

FOUNDERS: Final = {
    "alpha-works": ("oem", "operator"),
    "beta-works": ("supplier",),
    "gamma-works": ("supplier",),
    "delta-works": ("auditor",),
}
FOUNDED: Final = a_consortium(Plan(founders=FOUNDERS))
PARTIES: Final = {**FOUNDED.parties, "omega-works": a_party("omega-works")}
SLUGS: Final = tuple(PARTIES)
ADMIN_NAMES: Final = ("admin", "next", "a1", "r1", "c1")
SIGNING_NAMES: Final = ("signing", "s1", "s2")
ALL_ROLES: Final = frozenset({"oem", "operator", "supplier", "auditor"})


def signer(slug: str, name: str) -> PartySigner:
    """The key that a party knows by this name."""
    party = PARTIES[slug]
    known = {"admin": party.admin, "next": party.next_admin, "signing": party.signing}
    return known.get(name) or party.another_key(name)


def name_of(slug: str, multikey: str) -> str:
    names = (*ADMIN_NAMES, *SIGNING_NAMES, "c2", "r2")
    return next(name for name in names if signer(slug, name).multikey == multikey)


def start() -> World:
    """The consortium as it was founded, by name."""
    slugs = tuple(FOUNDERS)
    indices = {slug: (0, 4 + position) for position, slug in enumerate(slugs)}
    return World(
        standing=dict.fromkeys(slugs, "member"),
        roles={slug: frozenset(FOUNDERS[slug]) for slug in slugs},
        commitment=dict.fromkeys(slugs, "next"),
        admins={slug: {"admin"} for slug in slugs},
        signing={slug: {"signing"} for slug in slugs},
        operator=slugs[0],
        electorate=ALL_ROLES,
        writers=FOUNDED.kind.writer_roles,
        began={
            (slug, name): index
            for slug in slugs
            for name, index in zip(("admin", "signing"), indices[slug], strict=True)
        },
    )


# ---- steps, drawn without looking at what would be right ----

slugs = st.sampled_from(SLUGS)
# Mostly those who may: else nothing would ever come about.
actors = st.sampled_from([*FOUNDERS, *FOUNDERS, *FOUNDERS, *SLUGS])
admin_names = st.sampled_from([*["admin"] * 8, *ADMIN_NAMES])
waits = st.sampled_from([0] * 12 + [1, 1000, DAY_MS, DAY_MS, 3 * DAY_MS, 7 * DAY_MS, 31 * DAY_MS])
contents = st.one_of(
    st.builds(
        lambda p: {"act": "admit", "about": p, "roles": frozenset({"supplier"})},
        st.sampled_from(["omega-works", "omega-works", "omega-works", *SLUGS]),
    ),
    st.builds(
        lambda p, r: {"act": "roles", "about": p, "roles": frozenset({r})},
        slugs,
        st.sampled_from(["supplier", "auditor", "laboratory"]),
    ),
    st.builds(
        lambda a, p: {"act": a, "about": p},
        st.sampled_from(["suspend", "suspend", "reinstate", "remove"]),
        slugs,
    ),
    st.builds(
        lambda p: {"act": "recover", "about": p, "new": "r1", "next": "r2"},
        slugs,
    ),
    st.builds(
        lambda p, k, f: {"act": "contest", "about": p, "key": k, "from": f},
        slugs,
        st.sampled_from((*ADMIN_NAMES, *SIGNING_NAMES)),
        st.integers(0, 20),
    ),
    st.builds(
        lambda t: {"act": "amend", "about": None, "threshold": t},
        st.sampled_from([None, 1, 2, 3, 4, 5]),
    ),
)
steps = st.one_of(
    st.tuples(st.just("propose"), actors, st.just("admin"), contents),
    st.tuples(st.just("propose"), actors, admin_names, contents),
    *[
        st.tuples(
            st.just("vote"),
            actors,
            admin_names,
            st.fixed_dictionaries(
                {
                    "back": st.sampled_from([1, 1, 1, 2, 3]),
                    "approve": st.sampled_from([True, True, True, True, False]),
                }
            ),
        )
    ]
    * 6,
    st.tuples(
        st.just("accept"),
        slugs,
        st.sampled_from(["admin", "r1"]),
        st.fixed_dictionaries({"back": st.sampled_from([1, 1, 2])}),
    ),
    st.tuples(
        st.just("key"),
        actors,
        admin_names,
        st.fixed_dictionaries(
            {
                "new": st.sampled_from(SIGNING_NAMES),
                "replaces": st.sampled_from([None, "signing", "s1"]),
            }
        ),
    ),
    st.tuples(
        st.just("admin-key"),
        actors,
        st.sampled_from(["admin", "next", "next"]),
        st.fixed_dictionaries(
            {
                "new": st.sampled_from(["next", "next", "a1"]),
                "next": st.sampled_from(["next", "c1", "c1"]),
                "retires": st.sampled_from([(), ("admin",), ("a1",)]),
            }
        ),
    ),
    st.tuples(
        st.just("revoke"),
        actors,
        admin_names,
        st.fixed_dictionaries(
            {
                "old": st.sampled_from((*ADMIN_NAMES, *SIGNING_NAMES)),
                "back": st.one_of(st.none(), st.integers(0, 6)),
            }
        ),
    ),
    st.tuples(st.just("record"), actors, st.sampled_from(SIGNING_NAMES), st.just({})),
)


Drawn = tuple[str, str, str, dict[str, Any]]


def a_decision(
    proposer: str, content: dict[str, Any], voters: list[str], consent: bool
) -> list[Drawn]:
    """A proposal, votes, and perhaps a consent: what hardly ever comes about by chance."""
    key = {"admit": "admin", "recover": "r1"}.get(content["act"])
    wanted: list[Drawn] = [("accept", content["about"], key, {"back": 1})] if key else []
    votes: list[Drawn] = [("vote", v, "admin", {"back": 1, "approve": True}) for v in voters]
    proposed: list[Drawn] = [("propose", proposer, "admin", content)]
    wanted = wanted if consent else []
    # The consent to a recovery is refused before the votes: most come where they may.
    return (
        [*proposed, *votes, *wanted]
        if content["act"] == "recover"
        else [*proposed, *wanted, *votes]
    )


decisions = st.builds(
    a_decision,
    st.sampled_from(tuple(FOUNDERS)),
    contents,
    st.permutations(tuple(FOUNDERS)),
    st.booleans(),
)
chapters = st.one_of(decisions, steps.map(lambda step: [step]), steps.map(lambda step: [step]))


class Pair:
    """The members and the second writing of the rules, side by side."""

    def __init__(self) -> None:
        self.members = Members(FOUNDED)
        for index in range(FOUNDED.size):
            self.members.known.note_time(index, FOUNDED_MS)
        self.start = start()
        self.done: list[Step] = []
        self.proposals: list[tuple[int, str, str]] = []
        self.times: dict[int, int] = {}

    def take(self, drawn: Drawn) -> None:
        """Let both judge a step; they agree on it and on what holds after it."""
        kind, party, key, said = drawn
        step = Step(kind, party, key, dict(said), self.members.size, self.members.at_ms)
        text = self._text(step)
        if text is None:
            return
        expected = may(world_after(self.start, self.done), step)
        outcome = self.members.submit(text)
        assert (outcome is None) == expected, (step, outcome)
        if outcome is None:
            self.done.append(step)
            self.times[step.index] = step.at_ms
            if kind == "propose":
                of = self.members.proposed
                self.proposals.append((step.index, of, str(said.get("about"))))
        self.compare()

    def _text(self, step: Step) -> str | None:
        by, said = signer(step.party, step.key), step.said
        keys = PARTIES[step.party]
        match step.kind:
            case "propose":
                return self._proposal(by, said)
            case "vote" | "accept":
                if len(self.proposals) < said["back"]:
                    return None
                index, of, about = self.proposals[-said["back"]]
                step.said = {**said, "of": index, "objects": about == step.party}
                step.said["objects"] &= of in {
                    item.proposal.record_id for item in self.members.fold.recoveries.values()
                }
                approve = "approve" if said.get("approve") else "reject"
                meaning = "accept" if step.kind == "accept" else approve
                return self.members.endorsement(by, of, meaning)
            case "key":
                replaced = said["replaces"]
                multikey = signer(step.party, replaced).multikey if replaced else None
                new = signer(step.party, said["new"])
                return self.members.key(keys, new, by=by, replaces=multikey)
            case "admin-key":
                return self._admin_key(keys, by, said)
            case "revoke":
                return self._revocation(step, by)
        text = FOUNDED.record(keys, iat=self.members.at_ms // 1000, label=f"{step.index}")
        return resign(text, by, header={"kid": by.kid})

    def _admin_key(self, party: PartyKeys, by: PartySigner, said: Any) -> str | None:
        new = signer(party.slug, said["new"])
        body = {
            "next_key": commit_key(signer(party.slug, said["next"]).multikey),
            "retires": [signer(party.slug, name).multikey for name in said["retires"]],
        }
        if party.did not in self.members.fold.parties:
            return None
        return self.members.admin_key(party, new, by, **body)

    def _revocation(self, step: Step, by: PartySigner) -> str:
        back = step.said["back"]
        start_at = None if back is None else max(self.members.size - back, 0)
        times = {**dict.fromkeys(range(FOUNDED.size), FOUNDED_MS), **self.times}
        from_ms = times.get(start_at, 0) if start_at is not None else 0
        step.said = {**step.said, "from": start_at, "from_ms": from_ms}
        kid = signer(step.party, step.said["old"]).kid
        return self.members.revocation(by, kid, contested_from=start_at)

    def _proposal(self, by: PartySigner, said: Any) -> str:
        about = PARTIES[said["about"]] if said["about"] else None
        content: dict[str, Any] = {"party": about.did if about else None}
        match said["act"]:
            case "admit":
                assert about is not None
                content = dict(admission_of(about))
            case "roles":
                content |= {"roles": sorted(said["roles"]), "accreditations": []}
                content |= {"entity": "group", "parent": None}
            case "recover":
                assert about is not None
                following = commit_key(signer(about.slug, "r2").multikey)
                key = signer(about.slug, "r1").multikey
                content |= {"admin_keys": [key], "next_key": following}
            case "contest":
                assert about is not None
                content |= {"kid": signer(about.slug, said["key"]).kid, "from": said["from"]}
            case "amend":
                threshold = said["threshold"] or "majority"
                rule = {"electorate": sorted(ALL_ROLES), "threshold": threshold}
                content = {"quorum": dict.fromkeys(ACTS, rule)}
        body = {"act": said["act"], "content": content, "reason": None}
        return self.members.sign(by, "proposal/v1", body)

    def compare(self) -> None:
        """What holds is the same, and no rule is out of reach."""
        world, fold = world_after(self.start, self.done), self.members.fold
        for slug, keys in PARTIES.items():
            party = fold.parties.get(keys.did)
            assert (party.standing if party else None) == world.standing.get(slug)
            if party is None:
                continue
            assert party.roles == world.roles[slug]
            assert {name_of(slug, key) for key in party.admin_keys} == world.admins[slug]
            assert party.commitment == commit_key(signer(slug, world.commitment[slug]).multikey)
            in_force = {key.multikey for key in party.signing_keys if key.is_in_force}
            assert {name_of(slug, key) for key in in_force} == world.signing[slug]
            contested = [
                ((slug, name_of(slug, key.multikey)), item.start, item.stop)
                for key in party.keys.values()
                for item in key.contested
            ]
            assert sorted(contested) == sorted(c for c in world.contested if c[0][0] == slug)
            assert party.standing == "removed" or party.admin_keys
        assert len(fold.proposals) == len(world.proposals)
        assert {PARTIES[slug].did for slug in world.recoveries} == fold.recoveries.keys()
        assert find_out_of_reach(fold) is None


FOUNDED_MS: Final = Members(FOUNDED).at_ms


def play(story: list[tuple[int, list[Drawn]]]) -> None:
    pair = Pair()
    for wait, chapter in story:
        pair.members.wait(wait)
        for step in chapter:
            pair.take(step)
    assert reread(pair) == pair.members.fold


@given(st.lists(st.tuples(waits, chapters), min_size=8, max_size=20))
@settings(max_examples=40, deadline=None)
def test_the_fold_agrees_with_the_rules_written_down_again(
    story: list[tuple[int, list[Drawn]]],
) -> None:
    play(story)


@pytest.mark.long
@given(st.lists(st.tuples(waits, chapters), min_size=20, max_size=60))
@settings(max_examples=200, deadline=None)
def test_the_fold_agrees_over_long_stories(story: list[tuple[int, list[Drawn]]]) -> None:
    play(story)


def reread(pair: Pair) -> PublicFold:
    """The fold of the same entries as a restart reads them: no judging, no groups."""
    fold = FOUNDED.fold
    for position, (text, at_ms) in enumerate(pair.members.log):
        fold = apply(fold, governing(text, FOUNDED.size + position, at_ms))
    return fold
