"""When an owner wants to be told of an access (docs/spec/accesses.md, section 4).

A rule is JSON ``{"when", "types"?, "groups"?}``. It is about rows of any type and group where
it names none; ``new-reader`` holds once for each reader that has not read what it is about.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from api.accesses.errors import MalformedAlertRule
from api.accesses.rows import WATCHED_RULES, Access
from ledger import limits
from ledger.disclosure import is_group_name
from ledger.errors import MalformedJson
from ledger.strict_json import encode_json, parse_json_object

NEW_READER: Final = "new-reader"
ANY_READ: Final = "any-read"
WATCHED: Final = "order-or-auditor"
WHENS: Final = (NEW_READER, ANY_READ, WATCHED)
RULE_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_NAMED_MAX: Final = 32
_VCT: Final = re.compile(r"[a-z][a-z0-9-]{1,39}/v[1-9][0-9]{0,2}")


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One rule; empty ``types`` or ``groups`` stand for all of them."""

    when: str
    types: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    def is_about(self, access: Access) -> bool:
        """Whether a row is of the types and shows one of the groups."""
        if self.types and access.vct not in self.types:
            return False
        shown = [group for group in access.groups if not self.groups or group.group in self.groups]
        if self.when == WATCHED:
            return any(group.rule in WATCHED_RULES for group in shown)
        return bool(shown)

    def members(self) -> dict[str, Any]:
        """The rule as plain values."""
        return {"when": self.when, "types": list(self.types), "groups": list(self.groups)}

    def encode(self) -> str:
        """The rule as its row holds it."""
        return encode_json(self.members()).decode()


def parse_alert_rule(data: bytes) -> AlertRule:
    """Read a rule as a party sends it, or as its row holds it.

    Raises:
        MalformedAlertRule: no JSON, an unknown member, or a value outside its form.
    """
    try:
        members = parse_json_object(data, bytes_max=limits.ALERT_RULE_BYTES_MAX)
    except MalformedJson as fault:
        raise MalformedAlertRule(f"expected a rule for alerts: {fault}") from fault
    if unknown := sorted(members.keys() - {"when", "types", "groups"}):
        raise MalformedAlertRule(f"expected when, types and groups, found {unknown[0][:60]!r}")
    when = members.get("when")
    if when not in WHENS or not isinstance(when, str):
        raise MalformedAlertRule(f"when: expected one of {', '.join(WHENS)}, found another")
    types = _names(members.get("types", []), "types", _is_type)
    return AlertRule(when, types, _names(members.get("groups", []), "groups", is_group_name))


def _is_type(name: str) -> bool:
    return _VCT.fullmatch(name) is not None


def _names(found: object, member: str, is_name: Callable[[str], bool]) -> tuple[str, ...]:
    if not isinstance(found, list) or len(found) > _NAMED_MAX:
        raise MalformedAlertRule(f"{member}: expected a list of at most {_NAMED_MAX} names")
    names = [name for name in found if isinstance(name, str) and is_name(name)]
    if names != found:
        raise MalformedAlertRule(f"{member}: expected names of {member}, found another text")
    return tuple(dict.fromkeys(names))
