"""Honest cases of parties that come later and of keys that change, end or are contested."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tests.ledger.view_edits import accepted
from tests.ledger.view_log import Show
from tests.ledger.view_members import (
    FIRST,
    FOUNDED,
    KESTREL,
    KESTREL_JOINED,
    KESTREL_KEYED,
    LINDEN_KEYED,
    RECOVERED,
    ROTATED,
    SECOND,
    SignerStory,
    at,
    member_log,
    places,
    show,
    told,
)
from tests.ledger.view_story import (
    CHARTER,
    ENDORSEMENT,
    KEY_TWO,
    PATH_ONE,
    REPORT,
    SURVEY_TYPE,
    TYPE,
)
from tests.ledger.view_vectors import ViewCase

CONTESTED: Final = {"from": at("kestrel-report"), "at": at("kestrel-revokes")}

#: What an honest view says, by a name: the record with its evidence, and its signer's story.
HONEST: Final[dict[str, tuple[Show, SignerStory]]] = {
    "a report of a party admitted later": (
        show("kestrel-report", KESTREL_KEYED),
        SignerStory(at("kestrel-key"), at("kestrel-accepts"), (FIRST, SECOND)),
    ),
    "a report of a party whose proposer was admitted later": (
        show("linden-report", LINDEN_KEYED),
        SignerStory(at("linden-key"), at("linden-accepts"), (KESTREL, FIRST)),
    ),
    "a report under a key of the rotated admin key": (
        show("second-report-b", places(*ROTATED, "second-key-b")),
        SignerStory(at("second-key-b"), ENDORSEMENT),
    ),
    "a report under a superseded key": (
        show("second-report-late", places(*ROTATED, KEY_TWO, "second-key-b")),
        SignerStory(KEY_TWO, ENDORSEMENT),
    ),
    "a report under a key of the added admin key": (
        show("kestrel-report-b", places(*KESTREL_JOINED, "kestrel-adds", "kestrel-key-b")),
        SignerStory(at("kestrel-key-b"), at("kestrel-accepts"), (FIRST, SECOND)),
    ),
    "a report signed before its key was ended": (
        show("linden-report", LINDEN_KEYED, places("linden-revokes")),
        SignerStory(
            at("linden-key"),
            at("linden-accepts"),
            (KESTREL, FIRST),
            key_ended_at=at("linden-revokes"),
        ),
    ),
    "a report contested by its issuer": (
        show("kestrel-report", KESTREL_KEYED, places("kestrel-adds", "kestrel-revokes")),
        SignerStory(
            at("kestrel-key"),
            at("kestrel-accepts"),
            (FIRST, SECOND),
            key_ended_at=at("kestrel-revokes"),
            contested=CONTESTED,
        ),
    ),
    "a report contested and re-affirmed": (
        show(
            "kestrel-report",
            KESTREL_KEYED,
            places("kestrel-adds", "kestrel-revokes", "kestrel-reaffirms"),
        ),
        SignerStory(
            at("kestrel-key"),
            at("kestrel-accepts"),
            (FIRST, SECOND),
            key_ended_at=at("kestrel-revokes"),
            contested=CONTESTED,
            reaffirmed_at=at("kestrel-reaffirms"),
        ),
    ),
    "a report re-affirmed, the revocation not shown": (
        show("kestrel-report", KESTREL_KEYED, places("kestrel-reaffirms")),
        SignerStory(
            at("kestrel-key"),
            at("kestrel-accepts"),
            (FIRST, SECOND),
            reaffirmed_at=at("kestrel-reaffirms"),
        ),
    ),
    "a report of a recovered party": (
        show("second-report-c", places(*RECOVERED, "second-key-c")),
        SignerStory(at("second-key-c"), ENDORSEMENT, (FIRST, KESTREL)),
    ),
    "a report before its party was recovered": (
        Show(REPORT, (*FOUNDED, KEY_TWO), TYPE, (), places("second-rotates")),
        SignerStory(KEY_TWO, ENDORSEMENT),
    ),
    "a report whose key was narrowed later": (
        show("second-report-c", places(*RECOVERED, "second-key-c"), places("second-narrows")),
        SignerStory(at("second-key-c"), ENDORSEMENT, (FIRST, KESTREL)),
    ),
    "a proposal": (
        show("kestrel-proposed", (CHARTER,)),
        SignerStory(0, 0),
    ),
    "an approval of a proposal": (
        show("kestrel-approved", FOUNDED),
        SignerStory(0, ENDORSEMENT),
    ),
    "a consent to be admitted": (
        show("kestrel-accepts", places(*FOUNDED, "kestrel-proposed", "kestrel-approved")),
        SignerStory(at("kestrel-accepts"), at("kestrel-accepts"), (FIRST, SECOND)),
    ),
    "a consent that came before the votes": (
        show("oak-accepts", places(CHARTER, "oak-proposed")),
        SignerStory(at("oak-accepts"), at("oak-accepts"), (FIRST,)),
    ),
    "a consent to be recovered": (
        show("second-accepts", places(*KESTREL_JOINED, "second-lost", "second-approved")),
        SignerStory(at("second-accepts"), ENDORSEMENT, (FIRST, KESTREL)),
    ),
    "a consent whose key was retired later": (
        show(
            "kestrel-accepts",
            places(*FOUNDED, "kestrel-proposed", "kestrel-approved"),
            places("kestrel-adds", "kestrel-rotates"),
        ),
        SignerStory(
            at("kestrel-accepts"),
            at("kestrel-accepts"),
            (FIRST, SECOND),
            key_ended_at=at("kestrel-rotates"),
        ),
    ),
    "an endorsement of the charter whose key was retired later": (
        Show(ENDORSEMENT, (CHARTER,), None, (), places("second-rotates")),
        SignerStory(0, ENDORSEMENT, key_ended_at=at("second-rotates")),
    ),
    "an admin key added by another": (
        show("kestrel-adds", KESTREL_JOINED),
        SignerStory(at("kestrel-accepts"), at("kestrel-accepts"), (FIRST, SECOND)),
    ),
    "an admin key that was committed to": (
        show("second-rotates", FOUNDED),
        SignerStory(at("second-rotates"), ENDORSEMENT),
    ),
    "a revocation": (
        show("kestrel-revokes", places(*KESTREL_JOINED, "kestrel-adds")),
        SignerStory(at("kestrel-adds"), at("kestrel-accepts"), (FIRST, SECOND)),
    ),
    "a re-affirmation": (
        show("kestrel-reaffirms", KESTREL_JOINED, places("kestrel-rotates")),
        SignerStory(
            at("kestrel-accepts"),
            at("kestrel-accepts"),
            (FIRST, SECOND),
            key_ended_at=at("kestrel-rotates"),
        ),
    ),
    "a key of founder 1, with surplus evidence of others": (
        Show(SURVEY_TYPE, PATH_ONE, None, (), places("kestrel-proposed")),
        SignerStory(2, 0),
    ),
}


def honest_member_cases() -> Iterator[ViewCase]:
    """All cases of members and keys that end with a result."""
    log = member_log()
    for name, found in HONEST.items():
        yield accepted(name, told(log, found), log.view(found[0]))
    whole = [found for name, found in HONEST.items() if "report" in name]
    shows = [item for item, _ in whole]
    yield accepted("reports of all members", told(log, *whole), log.view(*shows))


def shown_as(name: str) -> Show:
    """The honest record of that name, with its evidence."""
    return HONEST[name][0]
