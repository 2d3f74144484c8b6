"""Which line a record is about: whose, and where it stands. Numbers are not looked at here."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Final, NamedTuple

from keys.encoding import encode_base64url
from quality.deliveries.agreed import Filed
from quality.values import Groups, part, text

UPLOAD_VCT: Final = "parameter-upload/v1"
CARD_VCT: Final = "model-card/v1"
DECISION_VCT: Final = "model-decision/v1"
LABEL_VCT: Final = "alarm-label/v1"
RULES_VCT: Final = "rule-limits/v1"
READ_VCTS: Final = (UPLOAD_VCT, CARD_VCT, DECISION_VCT, LABEL_VCT, RULES_VCT)
#: So many characters of a digest: short, and nobody finds two places with the same.
_KEY_CHARACTERS: Final = 22


class Place(NamedTuple):
    """A line of an owner, as cards and alarms name it."""

    owner: str
    site: str
    line: str
    machine: str
    part: str

    @property
    def key(self) -> str:
        """Short, and without looking it up."""
        digest = hashlib.sha256(json.dumps(self, ensure_ascii=False).encode()).digest()
        return encode_base64url(digest)[:_KEY_CHARACTERS]

    @property
    def members(self) -> dict[str, str]:
        """As ``line`` of a record writes it."""
        return {"site": self.site, "line": self.line, "machine": self.machine, "part": self.part}


@dataclass(frozen=True, slots=True)
class Routed:
    """What a record concerns: a line by its place, or through the record that it is about."""

    place: Place | None = None
    about: str | None = None


def route(record: Filed) -> Routed:
    """Which line a record concerns, or through which other record that is to be found."""
    groups = record.groups
    if record.vct == UPLOAD_VCT:
        return Routed(_place(owner_of(record), part(groups, "process")))
    if record.vct == CARD_VCT:
        owner = text(groups, "state", "owner") or record.party
        return Routed(_place(owner, part(groups, "state", "line")))
    if record.vct == RULES_VCT:
        return Routed(_place(record.party, part(groups, "state", "line")))
    if record.vct == DECISION_VCT:
        return Routed(about=text(groups, "state", "card"))
    return Routed(about=text(groups, "alarm", "upload"))


def owner_of(record: Filed) -> str:
    """The owner that the manifest names; who signed it where that is not held."""
    return text(record.groups, "manifest", "owner") or record.party


def corrects_of(record: Filed) -> str | None:
    """The record that this one takes the place of."""
    return text(record.groups, "manifest", "corrects")


def is_sealed(record: Filed) -> bool:
    """Whether the values are sealed: the operator cannot read them, so nobody scores them here."""
    return part(record.groups, "manifest", "groups", "values") == "sealed"


def _place(owner: str, found: object) -> Place | None:
    names = [text(found, name) for name in ("site", "line", "machine", "part")]
    if any(name is None for name in names):
        return None
    return Place(owner, *(str(name) for name in names))


def groups_without(groups: Groups, *names: str) -> dict[str, object]:
    """The groups but those named."""
    return {name: value for name, value in groups.items() if name not in names}
