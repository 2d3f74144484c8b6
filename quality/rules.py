"""The trade's own rules, for admission and for readers.

Two questions of a record's groups: is it malformed or not the signer's to say (the ledger
refuses it), and does it say something true but bad (:meth:`QualityRules.flags`; the ledger
admits it and readers see it)? :meth:`QualityRules.find_faults` and
:meth:`QualityRules.roles_for` are the ledger's port (``ledger.domain.DomainRules``);
:meth:`QualityRules.judge` answers the first question whole, for a draft that is not filed yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from ledger.faults import Fault
from quality.corrective_action import corrective_action_faults, corrective_action_flags
from quality.credential import credential_faults, credential_flags, credential_roles
from quality.flags import Flag
from quality.inspection import inspection_faults, inspection_flags, inspection_roles
from quality.parameter import parameter_faults, parameter_flags
from quality.values import Groups, text

#: What in a record makes it some roles' to say.
_SAID: Final[Mapping[str, str]] = MappingProxyType(
    {"inspection-report/v1": "/verdict/kind", "quality-credential/v1": "/credential/kind"}
)


class QualityRules:
    """The rules of the built-in business types; a type it does not know has none.

    Groups are given by name and conform to the type's schema; the closed groups may be
    among them. A rule that needs a group which is absent or withheld is silent.
    """

    __slots__ = ()

    def find_faults(self, vct: str, groups: Groups) -> tuple[Fault, ...]:
        """Every contradiction inside one record that the type's schema cannot say."""
        return tuple(_faults(vct, groups, signer=_owner(vct, groups)))

    def roles_for(self, vct: str, groups: Groups) -> frozenset[str] | None:
        """The roles to whom saying this belongs; None where the type's writers suffice."""
        return _roles(vct, groups, signer=_owner(vct, groups))

    def judge(
        self, vct: str, groups: Groups, *, issuer: str, roles: frozenset[str]
    ) -> tuple[Fault, ...]:
        """Every fault, the signer's right to say it included.

        Args:
            vct: the record's type.
            groups: its groups by name.
            issuer: DID of the signing party.
            roles: the roles of that party in the charter.
        """
        wanted = _roles(vct, groups, signer=issuer)
        faults = tuple(_faults(vct, groups, signer=issuer))
        if wanted is None or wanted & roles:
            return faults
        return (Fault(_SAID[vct], f"a signer who is {_listed(wanted)}", _listed(roles)), *faults)

    def flags(self, vct: str, groups: Groups) -> tuple[Flag, ...]:
        """What the disclosed groups say that is true but bad."""
        match vct:
            case "inspection-report/v1":
                return tuple(inspection_flags(groups))
            case "quality-credential/v1":
                return tuple(credential_flags(groups))
            case "corrective-action/v1":
                return tuple(corrective_action_flags(groups))
            case "parameter-upload/v1":
                return tuple(parameter_flags(groups))
        return ()


def _faults(vct: str, groups: Groups, *, signer: str | None) -> Iterator[Fault]:
    match vct:
        case "inspection-report/v1":
            yield from inspection_faults(groups, signer=signer)
        case "quality-credential/v1":
            yield from credential_faults(groups, signer=signer)
        case "corrective-action/v1":
            yield from corrective_action_faults(groups)
        case "parameter-upload/v1":
            yield from parameter_faults(groups)


def _roles(vct: str, groups: Groups, *, signer: str | None) -> frozenset[str] | None:
    match vct:
        case "inspection-report/v1":
            return inspection_roles(groups, signer=signer)
        case "quality-credential/v1":
            return credential_roles(groups)
    return None


def _owner(vct: str, groups: Groups) -> str | None:
    """The signer as the manifest shows it: the owner of an inspection is its issuer."""
    return text(groups, "manifest", "owner") if vct == "inspection-report/v1" else None


def _listed(roles: frozenset[str]) -> str:
    return " or ".join(sorted(roles)) or "none of the roles"
