"""The sharing policy that a party's own software files new records under.

Its defaults say how widely each group is shared unless the party says otherwise, so the
service's word is not enough: the policy is verified through its entry, from the trust anchor.
"""

from __future__ import annotations

from dataclasses import dataclass

from api.client import LogClient
from api.client_errors import AnswerMalformed
from api.known_types import shown_record
from ledger.anchor import Anchor
from ledger.policy import TYPES_OWN, PolicyDocument, read_policy_document
from ledger.policy_history import DEFAULT_NAME
from ledger.record_type import document_digest


@dataclass(frozen=True, slots=True)
class KnownPolicy:
    """A policy of the log: the record id that new records name, and what it says.

    ``text`` is empty for the charter's default: the types' own ranges.
    """

    record_id: str
    name: str
    version: int
    text: str
    document: PolicyDocument


def newest_policy(client: LogClient, anchor: Anchor, *, name: str = DEFAULT_NAME) -> KnownPolicy:
    """The newest version of a policy, verified; the charter's default where none was brought.

    That there is no newer one is the service's word: an older one opens nothing more, since
    later versions narrow whatever was filed before them.

    Raises:
        ClientError, LedgerError: the service's answer could not be had, or does not verify.
    """
    charter = KnownPolicy(anchor.charter, DEFAULT_NAME, 0, "", TYPES_OWN)
    found = [item for item in _listed(client) if item[0] == name]
    if not found or found[-1][1] == anchor.charter:
        return charter
    _, record_id, version = found[-1]
    text = _verified_text(record_id, client, anchor, name=name)
    return KnownPolicy(record_id, name, version, text, read_policy_document(text))


def _listed(client: LogClient) -> list[tuple[str, str, int]]:
    try:
        return [
            (str(item["name"]), str(item["record_id"]), int(item["version"]))
            for item in client.policies()["policies"]
        ]
    except (KeyError, TypeError, ValueError) as fault:
        raise AnswerMalformed(
            f"expected policies as docs/spec/api.md says, found another form: {fault}"
        ) from fault


def _verified_text(record_id: str, client: LogClient, anchor: Anchor, *, name: str) -> str:
    shown = shown_record(record_id, client, anchor)
    body = shown.body or {}
    text = str(body.get("document") or client.policy_text(record_id))
    is_same = shown.type == "policy/v1" and body.get("name") == name
    if not is_same or document_digest(text) != body.get("sha256"):
        raise AnswerMalformed(f"expected the policy {name} in {record_id}, found another")
    return text
