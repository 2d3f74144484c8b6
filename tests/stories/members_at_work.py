"""The members of a consortium, each at its own desk, before a served log.

They sign as in the tests of single rules; here every record goes over HTTP to the service,
on whichever engine, and after every entry the log is audited from its database.
"""

from __future__ import annotations

from ledger.fold import PublicFold
from tests.api.service import SignedClient, code_of
from tests.ledger.acts import Members
from tests.ledger.parties import PartyKeys, PartySigner, resign
from tests.stories.consortium import Consortium


class MembersAtWork(Members):
    """The same members, on a log that is really served and kept."""

    def __init__(self, story: Consortium) -> None:
        """Begin at the time that the service shows."""
        super().__init__(story.service.consortium, at_ms=story.clock.now_ms())
        self.story = story
        self.oem, self.supplier, self.laboratory, self.other = (
            story.service.consortium.parties.values()
        )

    @property
    def fold(self) -> PublicFold:
        """The fold of the running service."""
        return self.story.service.wired.ledger.fold

    @property
    def size(self) -> int:
        """The size of the log."""
        return self.story.service.wired.ledger.size

    def wait(self, milliseconds: int) -> None:
        """Let time pass at every desk and at the service."""
        super().wait(milliseconds)
        self.story.clock.advance(milliseconds)

    def submit(self, text: str) -> str | None:
        """Submit and audit: the code of the refusal, None where it was admitted."""
        answer = self.story.service.submit(text)
        self.story.audit()
        return None if answer.status_code == 201 else code_of(answer)

    def restart(self) -> None:
        """Stop the service and start it again: it forgets nothing."""
        before = self.fold
        self.story.restart()
        assert self.fold == before

    def report(self, party: PartyKeys, by: PartySigner, label: str, *, late_s: int = 0) -> str:
        """A business record of a party, signed with one of its keys."""
        iat = self.at_ms // 1000 - late_s
        text = self.story.service.consortium.record(party, iat=iat, label=label)
        return resign(text, by, header={"kid": by.kid})

    def read(self, key: PartySigner) -> str | None:
        """Ask for the list of records with a signed request: the code of the refusal, if any."""
        answer = SignedClient(self.story.service, key).get("/v1/records?limit=1")
        return None if answer.is_success else code_of(answer)

    def listed(self, party: PartyKeys) -> dict[str, object]:
        """What the service tells everybody of a party."""
        parties = self.story.service.http.get("/v1/parties").json()["parties"]
        return next(item for item in parties if item["did"] == party.did)
