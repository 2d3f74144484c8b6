"""The rules on members and keys, written down a second time: slow, plain, and by name.

No bytes, no signatures: parties and keys are names, and everything is computed anew from the
whole list of admitted steps whenever something is asked. :mod:`tests.ledger.test_members_model`
holds the fold against it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

DAY_MS: Final = 24 * 3600 * 1000
RULES: Final = {"roles": "admit", "reinstate": "suspend", "contest": "recover"}

Key = tuple[str, str]


@dataclass
class Step:
    """Something that a party says: who, with which of its keys, what."""

    kind: str
    party: str
    key: str
    said: Mapping[str, Any] = field(default_factory=dict)
    index: int = 0
    at_ms: int = 0


@dataclass
class World:
    """What holds after some steps."""

    standing: dict[str, str]
    roles: dict[str, frozenset[str]]
    commitment: dict[str, str]
    admins: dict[str, set[str]]
    signing: dict[str, set[str]]
    operator: str
    electorate: frozenset[str]
    writers: frozenset[str]
    threshold: int | None = None
    began: dict[Key, int] = field(default_factory=dict)
    ended: dict[Key, int] = field(default_factory=dict)
    superseded: dict[Key, int] = field(default_factory=dict)
    contested: list[tuple[Key, int, int]] = field(default_factory=list)
    proposals: dict[int, dict[str, Any]] = field(default_factory=dict)
    recoveries: dict[str, dict[str, Any]] = field(default_factory=dict)


def world_after(start: World, steps: Iterable[Step]) -> World:
    """Everything anew, from the first step on."""
    world = World(**{name: _copied(value) for name, value in vars(start).items()})
    for step in steps:
        _happen(world, step)
    return world


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return (
        set(value) if isinstance(value, set) else list(value) if isinstance(value, list) else value
    )


def _recover(world: World, at_ms: int, index: int) -> None:
    for party, found in list(world.recoveries.items()):
        if found["due"] <= at_ms:
            for key in world.admins[party]:
                world.ended[party, key] = index
            world.admins[party] = {found["key"]}
            world.began[party, found["key"]] = index - 1
            world.commitment[party] = found["next"]
            del world.recoveries[party]


def _happen(world: World, step: Step) -> None:
    if step.kind != "record":
        _recover(world, step.at_ms, step.index)
    said, party = step.said, step.party
    match step.kind:
        case "key":
            world.signing[party].add(said["new"])
            world.began[party, said["new"]] = step.index
            if said["replaces"]:
                world.superseded[party, said["replaces"]] = step.at_ms // 1000
        case "admin-key":
            for key in said["retires"]:
                _end(world, party, key, step.index)
            world.admins[party].add(said["new"])
            world.began[party, said["new"]] = step.index
            world.commitment[party] = said["next"]
        case "revoke":
            _end(world, party, said["old"], step.index)
            if said["from"] is not None:
                world.contested.append(((party, said["old"]), said["from"], step.index))
        case "propose":
            for number, item in list(world.proposals.items()):
                if step.at_ms - item["at_ms"] > 30 * DAY_MS:
                    del world.proposals[number]
            opened = {**said, "by": party, "at_ms": step.at_ms, "yes": {party}, "accepted": False}
            _bring_on(world, step.index, opened, step)
        case "vote":
            _vote(world, step)
        case "accept":
            _bring_on(world, said["of"], world.proposals[said["of"]] | {"accepted": True}, step)


def _vote(world: World, step: Step) -> None:
    of, party = step.said["of"], step.party
    if of not in world.proposals:
        # An objection to a recovery whose rule is met.
        del world.recoveries[party]
        return
    item = world.proposals[of]
    if step.said["approve"]:
        _bring_on(world, of, item | {"yes": item["yes"] | {party}}, step)
    elif party == item["by"] or (item["act"] == "recover" and party == item["about"]):
        del world.proposals[of]
    else:
        world.proposals[of] = item | {"yes": item["yes"] - {party}}


def _bring_on(world: World, of: int, item: dict[str, Any], step: Step) -> None:
    world.proposals[of] = item
    if is_met(world, item):
        del world.proposals[of]
        enact(world, item, step.index, step.at_ms)


def voters(world: World, about: str | None = None) -> set[str]:
    """The members with a role of the electorate, but for the one that it is about."""
    return {
        party
        for party, standing in world.standing.items()
        if standing == "member" and world.roles[party] & world.electorate and party != about
    }


def is_met(world: World, item: Mapping[str, Any]) -> bool:
    """Whether a proposal has what it needs."""
    if item["act"] == "remove" and item["about"] == item["by"]:
        return True
    if item["act"] in {"admit", "recover"} and not item["accepted"]:
        return False
    return len(item["yes"] & voters(world, item["about"])) >= needed(world)


def needed(world: World) -> int:
    """The threshold, or more than half of all that were not removed, whether they vote or not."""
    if world.threshold is not None:
        return world.threshold
    whole = [
        party
        for party, standing in world.standing.items()
        if standing != "removed" and world.roles[party] & world.electorate
    ]
    return math.floor(len(whole) / 2) + 1


def enact(world: World, item: Mapping[str, Any], index: int, at_ms: int) -> None:
    """Let an act happen."""
    about = item["about"]
    match item["act"]:
        case "admit":
            world.standing[about], world.roles[about] = "member", item["roles"]
            world.admins[about], world.signing[about] = {"admin"}, set()
            world.commitment[about] = "next"
            world.began[about, "admin"] = index
        case "roles":
            world.roles[about] = item["roles"]
        case "suspend":
            world.standing[about] = "suspended"
        case "reinstate":
            world.standing[about] = "member"
        case "remove":
            world.standing[about] = "removed"
            world.recoveries.pop(about, None)
            for key in [*world.admins[about], *world.signing[about]]:
                _end(world, about, key, index)
        case "recover":
            due = at_ms + 7 * DAY_MS
            world.recoveries[about] = {"key": item["new"], "next": item["next"], "due": due}
        case "contest":
            key = item["key"]
            _end(world, about, key, index)
            stop = world.ended[about, key]
            world.contested.append(((about, key), item["from"], min(stop, index)))
        case "amend":
            world.threshold = item["threshold"]


def _end(world: World, party: str, key: str, index: int) -> None:
    if key in world.admins[party] | world.signing[party]:
        world.ended[party, key] = index
    world.admins[party].discard(key)
    world.signing[party].discard(key)


# ---- may it be said? ----


def may(world: World, step: Step) -> bool:
    """Whether the step is admitted as the next entry after these."""
    if step.kind != "record":
        _recover(world, step.at_ms, step.index)
    if step.kind == "accept":
        return _may_accept(world, step)
    standing = world.standing.get(step.party)
    if standing not in {"member", "suspended"}:
        return False
    if standing == "suspended" and step.kind not in {"revoke", "admin-key"}:
        return False
    is_rotation = step.kind == "admin-key" and step.said["new"] == step.key
    if is_rotation:
        return step.key == world.commitment[step.party] and _may_add(world, step, rotates=True)
    if step.kind == "record":
        return _may_file(world, step)
    if step.key not in world.admins[step.party]:
        return False
    judges = {
        "key": _may_register,
        "admin-key": lambda w, s: _may_add(w, s, rotates=False),
        "revoke": _may_revoke,
        "propose": _may_propose,
        "vote": _may_vote,
    }
    return judges[step.kind](world, step)


def _may_file(world: World, step: Step) -> bool:
    if step.key not in world.signing[step.party] or not world.roles[step.party] & world.writers:
        return False
    since = world.superseded.get((step.party, step.key))
    now = step.at_ms // 1000
    return since is None or (now <= since and now <= since + 30 * 24 * 3600)


def _is_used(world: World, party: str, key: str) -> bool:
    held = world.recoveries.get(party)
    return (party, key) in world.began or (held is not None and held["key"] == key)


def _may_register(world: World, step: Step) -> bool:
    said, party = step.said, step.party
    replaced = said["replaces"]
    is_free = not _is_used(world, party, said["new"])
    return is_free and (
        replaced is None
        or (replaced in world.signing[party] and (party, replaced) not in world.superseded)
    )


def _may_add(world: World, step: Step, *, rotates: bool) -> bool:
    said, party = step.said, step.party
    if _is_used(world, party, said["new"]) or not set(said["retires"]) <= world.admins[party]:
        return False
    if (said["next"] != world.commitment[party]) != rotates:
        return False
    return len(world.admins[party]) - len(said["retires"]) + 1 <= 4


def _may_revoke(world: World, step: Step) -> bool:
    said, party = step.said, step.party
    key, start = said["old"], said["from"]
    if key in world.admins[party]:
        if len(world.admins[party]) == 1:
            return False
    elif key not in world.signing[party]:
        return False
    if start is None:
        return True
    is_recent: bool = step.at_ms - said["from_ms"] <= 3 * DAY_MS
    return world.began[party, key] <= start < step.index and is_recent


def _may_accept(world: World, step: Step) -> bool:
    item = world.proposals.get(step.said["of"])
    if item is None or step.at_ms - item["at_ms"] > 30 * DAY_MS or item["accepted"]:
        return False
    new = {"admit": "admin", "recover": item.get("new")}.get(item["act"])
    if (item["about"], new) != (step.party, step.key):
        return False
    if item["act"] == "recover" and not is_met(world, item | {"accepted": True}):
        return False
    return _may_bring_on(world, item | {"accepted": True}, step)


def _may_propose(world: World, step: Step) -> bool:
    mine = [
        item
        for item in world.proposals.values()
        if item["by"] == step.party and step.at_ms - item["at_ms"] <= 30 * DAY_MS
    ]
    item = {**step.said, "by": step.party, "at_ms": step.at_ms, "yes": {step.party}}
    return len(mine) < 16 and is_possible(world, item, step)


def _may_vote(world: World, step: Step) -> bool:
    item, party = world.proposals.get(step.said["of"]), step.party
    if item is None:
        return step.said["objects"] and not step.said["approve"] and party in world.recoveries
    if step.at_ms - item["at_ms"] > 30 * DAY_MS:
        return False
    ends = party == item["by"] or (item["act"] == "recover" and party == item["about"])
    if not step.said["approve"]:
        return ends or party in voters(world, item["about"])
    if party not in voters(world, item["about"]):
        return False
    return _may_bring_on(world, item | {"yes": item["yes"] | {party}}, step)


def _may_bring_on(world: World, item: Mapping[str, Any], step: Step) -> bool:
    return not is_met(world, item) or is_possible(world, item, step)


def is_possible(world: World, item: Mapping[str, Any], step: Step) -> bool:
    """Whether an act may happen now, and leaves enough members to decide anything."""
    about, act = item["about"], item["act"]
    standing = world.standing.get(about)
    if act == "admit":
        return standing is None
    if act == "contest":
        return _may_contest(world, item, step)
    if act != "amend" and standing in {None, "removed"}:
        return False
    wanted = {
        "suspend": standing == "member" and about != world.operator,
        "reinstate": standing == "suspended",
        "remove": about != world.operator,
        "recover": about not in world.recoveries
        and not _is_used(world, about, item.get("new", "")),
    }
    if not wanted.get(act, True):
        return False
    if act not in {"amend", "roles", "suspend", "remove"}:
        return True
    after = world_after(world, [])
    enact(after, item, step.index, step.at_ms)
    return len(voters(after)) >= needed(after)


def _may_contest(world: World, item: Mapping[str, Any], step: Step) -> bool:
    about, key = item["about"], item["key"]
    began = world.began.get((about, key))
    if began is None:
        return False
    is_last = world.admins[about] == {key}
    stop = world.ended.get((about, key), step.index)
    return began <= item["from"] < stop and not is_last
