"""The port by which what a trade has put in force reaches admission.

The public fold knows governance alone. What parties have agreed on between themselves
(relations, and on top of them a trade's own masters) is a second fold, over business records
whose content the log holds: the *entitled fold*. ``ledger`` brings relations; a trade brings
its state, which is asked about every business record at its own index.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self

from ledger.faults import Refusal
from ledger.fold_state import PublicFold
from ledger.relations import Relations
from ledger.sharing.agreements import Agreements
from ledger.sharing.filings import NO_FILINGS, Filings


@dataclass(frozen=True, slots=True)
class Said:
    """A business record where it would stand, as far as what is in force depends on it.

    ``facts`` is what :meth:`ledger.domain.DomainRules.facts` made of its groups: JSON values.
    ``kid`` is the key that signed it.
    """

    index: int
    admitted_ms: int
    record_id: str
    party: str
    vct: str
    to: tuple[str, ...]
    subject: str | None
    family: str | None
    corrects: str | None
    facts: Mapping[str, Any]
    kid: str = ""

    @property
    def given(self) -> tuple[str, ...]:
        """Who is addressed and reads every group: the subject; an addressee alone may not."""
        return tuple(party for party in self.to if party == self.subject)


class DomainState(Protocol):
    """What the records before an index have put in force. Immutable: a reader may keep it."""

    @property
    def vcts(self) -> frozenset[str]:
        """The types whose records change it: those that are read again at a start.

        Always the same ones. Their records stay in memory and in that of an audit: masters,
        not what is said every day.
        """

    @property
    def relations(self) -> Relations:
        """Who supplies, certifies or measures for whom."""

    @property
    def agreements(self) -> Agreements:
        """Grants, cases, holds and erasures: what a decision rests on beside relations."""

    @property
    def kept_groups(self) -> Mapping[str, frozenset[str]]:
        """By type, the groups beside ``state`` that it is read from, and that are never erased."""

    def judge(
        self, said: Said, fold: PublicFold, *, filings: Filings = NO_FILINGS
    ) -> Refusal | None:
        """Whether the record may be said here and now.

        It rests on what the signer, the addressees and the subject have put in force, and on
        nobody else's word: where the content of theirs is missing, it is not asked.

        Args:
            said: the record, its content judged by its type.
            fold: the public fold of all entries before it.
            filings: what those entries say of their own sharing.
        """

    def judge_document(self, name: str, text: str, *, before: str | None) -> Refusal | None:
        """Whether parameters of this name may have this text, a JSON object.

        Args:
            name: of the parameters.
            text: the document.
            before: the text of that name that is in force; None where there is none.
        """

    def apply(self, said: Said, fold: PublicFold) -> Self:
        """The state after a record of :attr:`vcts` that was admitted; itself where none changes.

        Where the content of an earlier record is not held any more, this one may build on what
        is not there: it changes as much as can be said, and fails nothing.
        """
