"""The trade's own rules, for admission and for readers.

Two questions of a record's groups: is it malformed or not the signer's to say (the ledger
refuses it), and does it say something true but bad (:meth:`QualityRules.flags`; the ledger
admits it and readers see it)? :meth:`QualityRules.find_faults` and
:meth:`QualityRules.roles_for` are the ledger's port (``ledger.domain.DomainRules``);
:meth:`QualityRules.judge` answers the first question whole, for a draft that is not filed yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from ledger.faults import Fault
from ledger.rules import CredentialRight
from quality.alarm_label import alarm_label_faults, alarm_label_flags
from quality.corrective_action import corrective_action_faults, corrective_action_flags
from quality.credential import (
    DEFAULT_RIGHTS,
    credential_faults,
    credential_flags,
    credential_kind,
)
from quality.facts import record_facts
from quality.flags import Flag
from quality.goods_receipt import goods_receipt_faults
from quality.inspection import inspection_faults, inspection_flags, inspection_roles
from quality.model_card import (
    model_card_faults,
    model_card_flags,
    model_card_roles,
    model_decision_flags,
)
from quality.parameter import parameter_faults, parameter_flags
from quality.part import part_faults, part_flags
from quality.requirement import requirement_faults
from quality.rule_limits import rule_limits_faults, rule_limits_flags
from quality.shapes import shape_faults
from quality.shipment import shipment_faults
from quality.site import site_faults
from quality.specification import specification_faults, specification_flags
from quality.values import Groups, text

#: What in a record makes it some roles' to say.
_SAID: Final[Mapping[str, str]] = MappingProxyType(
    {
        "inspection-report/v1": "/verdict/stage",
        "quality-credential/v1": "/credential/kind",
        "model-card/v1": "/state/owner",
    }
)
_NOBODY: Final = "none of the roles"
#: Groups on which it rests whose a record is to say: somebody has to read them.
_NEVER_SEALED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"inspection-report/v1": ("verdict", "lot")}
)
_Faults = Callable[[Groups, str | None], Iterator[Fault]]
_FAULTS: Final[Mapping[str, _Faults]] = MappingProxyType(
    {
        "inspection-report/v1": lambda groups, signer: inspection_faults(groups, signer=signer),
        "quality-credential/v1": lambda groups, signer: credential_faults(groups, signer=signer),
        "corrective-action/v1": lambda groups, _: corrective_action_faults(groups),
        "parameter-upload/v1": lambda groups, _: parameter_faults(groups),
        "site/v1": lambda groups, signer: site_faults(groups, signer=signer),
        "part/v1": lambda groups, signer: part_faults(groups, signer=signer),
        "specification/v1": lambda groups, signer: specification_faults(groups, signer=signer),
        "requirement/v1": lambda groups, signer: requirement_faults(groups, signer=signer),
        "shipment/v1": lambda groups, signer: shipment_faults(groups, signer=signer),
        "goods-receipt/v1": lambda groups, signer: goods_receipt_faults(groups, signer=signer),
        "model-card/v1": lambda groups, signer: model_card_faults(groups, signer=signer),
        "alarm-label/v1": lambda groups, _: alarm_label_faults(groups),
        "rule-limits/v1": lambda groups, _: rule_limits_faults(groups),
    }
)
_FLAGS: Final[Mapping[str, Callable[[Groups], Iterator[Flag]]]] = MappingProxyType(
    {
        "inspection-report/v1": inspection_flags,
        "quality-credential/v1": credential_flags,
        "corrective-action/v1": corrective_action_flags,
        "parameter-upload/v1": parameter_flags,
        "part/v1": part_flags,
        "specification/v1": specification_flags,
        "model-card/v1": model_card_flags,
        "model-decision/v1": model_decision_flags,
        "alarm-label/v1": alarm_label_flags,
        "rule-limits/v1": rule_limits_flags,
    }
)


class QualityRules:
    """The rules of the built-in business types; a type it does not know has none.

    Groups are given by name and conform to the type's schema; the closed groups may be
    among them. A rule that needs a group which is absent or withheld is silent.
    """

    __slots__ = ("_rights",)

    def __init__(self, rights: tuple[CredentialRight, ...] = DEFAULT_RIGHTS) -> None:
        """Judge drafts by these rows of the charter's table of credential kinds."""
        self._rights = rights

    def find_faults(self, vct: str, groups: Groups) -> tuple[Fault, ...]:
        """Every contradiction inside one record that the type's schema cannot say."""
        return tuple(_faults(vct, groups, signer=_owner(vct, groups)))

    def roles_for(self, vct: str, groups: Groups) -> frozenset[str] | None:
        """The roles to whom saying this belongs; None where the type's writers suffice."""
        return _roles(vct, groups, signer=_owner(vct, groups))

    def credential_kind(self, vct: str, groups: Groups) -> str | None:
        """The kind of quality credential that a record is, None where it is none."""
        return credential_kind(groups) if vct == "quality-credential/v1" else None

    def facts(self, vct: str, groups: Groups) -> Mapping[str, object] | None:
        """What must be known of a record to judge it against what is in force."""
        return record_facts(vct, groups)

    def judge(
        self,
        vct: str,
        groups: Groups,
        *,
        issuer: str,
        roles: frozenset[str],
        accreditations: frozenset[str] = frozenset(),
    ) -> tuple[Fault, ...]:
        """Every fault, the signer's right to say it included.

        Args:
            vct: the record's type.
            groups: its groups by name.
            issuer: DID of the signing party.
            roles: the roles of that party on the log.
            accreditations: those that it holds.
        """
        wanted = self._wanted(vct, groups, signer=issuer)
        faults = tuple(_faults(vct, groups, signer=issuer))
        if wanted is None or any(
            right.role in roles and right.accreditation in {None, *accreditations}
            for right in wanted
        ):
            return faults
        expected = " or ".join(dict.fromkeys(map(_qualification, wanted))) or _NOBODY
        return (Fault(_SAID[vct], f"a signer who is {expected}", _listed(roles)), *faults)

    def _wanted(
        self, vct: str, groups: Groups, *, signer: str
    ) -> tuple[CredentialRight, ...] | None:
        """Who may say it; None where the type's writers suffice."""
        kind = self.credential_kind(vct, groups)
        if kind is not None:
            return tuple(right for right in self._rights if right.kind == kind)
        roles = _roles(vct, groups, signer=signer)
        return None if roles is None else tuple(CredentialRight("", role) for role in sorted(roles))

    def flags(self, vct: str, groups: Groups) -> tuple[Flag, ...]:
        """What the disclosed groups say that is true but bad."""
        find = _FLAGS.get(vct)
        return tuple(find(groups)) if find else ()


def _faults(vct: str, groups: Groups, *, signer: str | None) -> Iterator[Fault]:
    yield from shape_faults(vct, groups)
    for name in _NEVER_SEALED.get(vct, ()):
        if text(groups, "manifest", "groups", name) == "sealed":
            expected = "another tier, as it says whose the record is to sign"
            yield Fault(f"/manifest/groups/{name}", expected, "sealed")
    find = _FAULTS.get(vct)
    if find:
        yield from find(groups, signer)


def _roles(vct: str, groups: Groups, *, signer: str | None) -> frozenset[str] | None:
    if vct == "inspection-report/v1":
        return inspection_roles(groups, signer=signer)
    if vct == "model-card/v1":
        return model_card_roles(groups, signer=signer)
    return None


def _owner(vct: str, groups: Groups) -> str | None:
    """The signer as the manifest shows it: but for a credential, the owner is the issuer."""
    return text(groups, "manifest", "owner") if vct != "quality-credential/v1" else None


def _listed(roles: frozenset[str]) -> str:
    return " or ".join(sorted(roles)) or _NOBODY


def _qualification(right: CredentialRight) -> str:
    return f"{right.role} with {right.accreditation}" if right.accreditation else right.role
