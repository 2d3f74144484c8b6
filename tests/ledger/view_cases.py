"""All cases of views: honest ones, and tampered siblings of them for every row of the standard.

``python -m tests.ledger.view_cases`` writes them to ``docs/spec/vectors/views.json``.
"""

from __future__ import annotations

from tests.ledger.view_cases_checkpoints import checkpoint_cases
from tests.ledger.view_cases_disclosures import disclosure_cases
from tests.ledger.view_cases_documents import document_cases
from tests.ledger.view_cases_entries import entry_cases
from tests.ledger.view_cases_honest import honest_cases
from tests.ledger.view_cases_key_lives import key_life_cases
from tests.ledger.view_cases_key_paths import key_path_cases
from tests.ledger.view_cases_members import member_cases
from tests.ledger.view_cases_sharing import sharing_cases
from tests.ledger.view_honest_members import honest_member_cases
from tests.ledger.view_vectors import VECTORS, ViewCase, encode_vectors


def all_cases() -> list[ViewCase]:
    """Every case, in the order of the file."""
    return [
        *honest_cases(),
        *honest_member_cases(),
        *document_cases(),
        *checkpoint_cases(),
        *entry_cases(),
        *key_path_cases(),
        *member_cases(),
        *key_life_cases(),
        *disclosure_cases(),
        *sharing_cases(),
    ]


def write_vectors() -> None:
    """Write the vector file anew."""
    VECTORS.parent.mkdir(parents=True, exist_ok=True)
    VECTORS.write_text(encode_vectors(all_cases()), encoding="utf-8")


if __name__ == "__main__":
    write_vectors()
