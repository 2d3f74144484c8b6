"""Versions of a paper: what was filed first, and the corrections of it, in one rule.

A paper goes by its latest correction, in the place of the first version
(docs/spec/deliveries.md, section 1). A version is found by the first one, so that a chain of
corrections costs as much as so many papers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic, Protocol, TypeVar


class Version(Protocol):
    """A record that may correct an earlier one."""

    @property
    def record_id(self) -> str:
        """Its own id."""

    @property
    def index(self) -> int:
        """Its place in the log."""

    @property
    def corrects(self) -> str | None:
        """The id of the record that it corrects."""


_Version = TypeVar("_Version", bound=Version)


def current(papers: Sequence[_Version]) -> list[_Version]:
    """The latest version of each paper, in the order in which the first ones were filed.

    Args:
        papers: in the order of the log. Of two corrections of one record the later one is the
            latest version; what is corrected need not be among them.
    """
    return [versions[-1] for versions in Folder(papers).versions.values()]


class Folder(Generic[_Version]):
    """Papers that are kept together, each with its versions, found by any one's id."""

    def __init__(self, papers: Iterable[_Version] = ()) -> None:
        """Hold these papers, which come in the order of the log."""
        #: Of each paper its versions in the order of the log, by the id of the first one.
        self.versions: dict[str, list[_Version]] = {}
        self._roots: dict[str, str] = {}
        for paper in papers:
            self.put(self.root_of(paper), [paper])

    def root_of(self, paper: _Version) -> str:
        """The id of the first version of a paper that belongs here, be it held or not."""
        if paper.corrects is None:
            return paper.record_id
        return self._roots.get(paper.corrects, paper.corrects)

    def find(self, record_id: str) -> Sequence[_Version]:
        """All versions of the paper of which this record is one; none where it is not here."""
        return self.versions.get(self._roots.get(record_id, ""), ())

    def put(self, root: str, versions: Iterable[_Version]) -> None:
        """Add versions of one paper, later than those that are here."""
        self._roots[root] = root
        held = self.versions.setdefault(root, [])
        for version in versions:
            self._roots[version.record_id] = root
            held.append(version)

    def take(self, root: str) -> list[_Version]:
        """Take all versions of a paper out."""
        taken = self.versions.pop(root, [])
        for record_id in (root, *(version.record_id for version in taken)):
            self._roots.pop(record_id, None)
        return taken

    def papers(self) -> tuple[_Version, ...]:
        """Everything here, in the order of the log."""
        held = [version for versions in self.versions.values() for version in versions]
        return tuple(sorted(held, key=lambda paper: paper.index))
