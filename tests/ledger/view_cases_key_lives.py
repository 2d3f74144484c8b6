"""Cases of keys that are added, rotated, ended and contested, forged (rows D3 to D6, D11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from tests.ledger.sample_types import REMOVED
from tests.ledger.view_edits import refused
from tests.ledger.view_forgeries import (
    ADDED,
    BROKEN,
    DISPUTED,
    LATER,
    LEFT,
    RESTORED,
    TURNED,
    UNKNOWN,
    forged,
    forged_report,
    instead,
    tampered,
    text_of,
    without,
)
from tests.ledger.view_honest_members import shown_as
from tests.ledger.view_log import Show
from tests.ledger.view_members import (
    FIRST,
    FOUNDED,
    KESTREL,
    KESTREL_ADDED,
    KESTREL_KEYED,
    KESTREL_SIGNING_B,
    LINDEN,
    LINDEN_KEYED,
    OAK,
    ROTATED,
    SECOND,
    at,
    commitment_to,
    member_log,
    places,
    show,
)
from tests.ledger.view_multikeys import sealing_multikey
from tests.ledger.view_story import (
    ENDORSEMENT,
)
from tests.ledger.view_vectors import ViewCase


def key_life_cases() -> Iterator[ViewCase]:
    """All cases of the life of keys that end with a code."""
    yield from _admin_keys()
    yield from _signing_keys()
    yield from _revocations()
    yield from _aftermaths()
    yield from _signers()
    yield from _late_signers()


def _admin_keys() -> Iterator[ViewCase]:
    name, by = "second-rotates", SECOND.next_admin
    stranger = SECOND.another_key("stranger")
    for told_as, view in [
        (
            "does not meet the commitment",
            forged(TURNED, name, stranger, multikey=stranger.multikey),
        ),
        ("is another than its signer", forged(TURNED, name, by, multikey=stranger.multikey)),
        ("is another party's", forged(TURNED, name, by, party=FIRST.did)),
        ("is nobody's", forged(TURNED, name, by, party=REMOVED)),
        ("commits to nothing", forged(TURNED, name, by, next_key=None)),
        ("has no multikey", forged(TURNED, name, by, multikey=REMOVED)),
        ("is one to seal with", forged(TURNED, name, SECOND.admin, multikey=sealing_multikey())),
        ("does not say what it retires", forged(TURNED, name, by, retires=REMOVED)),
        ("retires null", forged(TURNED, name, by, retires=None)),
        ("retires a number", forged(TURNED, name, by, retires=[1])),
        ("is by a signing key", forged(TURNED, name, SECOND.signing)),
        ("is of a party without standing", without(TURNED, ENDORSEMENT)),
        ("has a bad signature", tampered(TURNED, name)),
    ]:
        yield refused("D3", f"the committed key {told_as}", BROKEN, view)
    name, by = "kestrel-adds", KESTREL.admin
    stranger = KESTREL.another_key("stranger")
    for told_as, view in [
        ("changes the commitment", forged(ADDED, name, by, next_key=commitment_to(stranger))),
        ("is by itself", forged(ADDED, name, KESTREL_ADDED)),
        ("is by a signing key", forged(ADDED, name, KESTREL.signing)),
        ("is by an unknown key", forged(ADDED, name, stranger)),
        ("is another party's", forged(ADDED, name, FIRST.admin)),
        ("was in force before", forged(ADDED, name, by, multikey=KESTREL.admin.multikey)),
        ("retires itself", forged(ADDED, name, by, retires=[KESTREL_ADDED.multikey])),
    ]:
        yield refused("D3", f"the added key {told_as}", BROKEN, view)


def _signing_keys() -> Iterator[ViewCase]:
    name = "second-key-b"
    for told_as, view in [
        ("is by a retired admin key", forged(TURNED, name, SECOND.admin)),
        ("is by a committed key not yet in force", without(TURNED, "second-rotates")),
        (
            "is an admin key's",
            forged(TURNED, name, SECOND.next_admin, multikey=SECOND.next_admin.multikey),
        ),
        ("is by a replaced admin key", forged(RESTORED, "second-key-c", SECOND.admin)),
    ]:
        yield refused("D3", f"the new key {told_as}", BROKEN, view)
    ended = places(*KESTREL_KEYED, "kestrel-adds", "kestrel-revokes", "second-narrows")
    shown = show("kestrel-rotates", ended)
    view = instead(shown, "second-narrows", text_of("kestrel-key"), KESTREL.admin)
    yield refused("D3", "a key that was ended is registered again", BROKEN, view)


NARROWED: Final = show(
    "kestrel-reaffirms", places(*KESTREL_KEYED, "kestrel-adds", "kestrel-revokes")
)


def _revocations() -> Iterator[ViewCase]:
    name, by = "kestrel-revokes", KESTREL_ADDED
    for told_as, view in [
        ("names no key", forged(NARROWED, name, by, kid=REMOVED)),
        ("names a number", forged(NARROWED, name, by, kid=1)),
        ("names a DID alone", forged(NARROWED, name, by, kid=KESTREL.did)),
        ("names another party's key", forged(NARROWED, name, by, kid=SECOND.signing.kid)),
        ("does not say what stays", forged(NARROWED, name, by, keeps=REMOVED)),
        ("keeps a text", forged(NARROWED, name, by, keeps="records")),
        ("does not say whether it contests", forged(NARROWED, name, by, contested_from=REMOVED)),
        ("contests from a text", forged(NARROWED, name, by, contested_from="15")),
        ("contests from true", forged(NARROWED, name, by, contested_from=True)),
        ("is by a signing key", forged(NARROWED, name, KESTREL.signing)),
        ("is another party's", forged(NARROWED, name, FIRST.admin)),
        ("has a bad signature", tampered(NARROWED, name)),
    ]:
        yield refused("D3", f"the revocation {told_as}", BROKEN, view)


def _aftermaths() -> Iterator[ViewCase]:
    for told_as, after in [
        ("a link from before the record", places("kestrel-key", "kestrel-reaffirms")),
        ("the record itself", places("kestrel-report", "kestrel-reaffirms")),
    ]:
        view = member_log().view(replace(DISPUTED, after=after))
        yield refused("D4", f"{told_as} stands among what came after", BROKEN, view)
    revokes, affirms, by = "kestrel-revokes", "kestrel-reaffirms", KESTREL.admin
    for told_as, view in [
        ("the revoking key was not added", without(DISPUTED, "kestrel-adds")),
        ("another party revokes", forged(DISPUTED, revokes, FIRST.admin)),
        ("a signing key revokes", forged(LEFT, "linden-revokes", LINDEN.signing)),
        ("the revocation has no keeps", forged(DISPUTED, revokes, KESTREL_ADDED, keeps=REMOVED)),
        ("the revocation's signature is bad", tampered(DISPUTED, revokes)),
        ("another party re-affirms", forged(DISPUTED, affirms, FIRST.admin)),
        ("a signing key re-affirms", forged(DISPUTED, affirms, KESTREL.signing)),
        (
            "an ended admin key re-affirms",
            forged(DISPUTED, revokes, KESTREL_ADDED, kid=KESTREL.admin.kid),
        ),
        ("the re-affirmation is a rejection", forged(DISPUTED, affirms, by, meaning="reject")),
        ("the re-affirmation is an approval", forged(DISPUTED, affirms, by, meaning="approve")),
        ("the re-affirmation is of another record", forged(DISPUTED, affirms, by, of="A" * 43)),
        ("the re-affirmation's signature is bad", tampered(DISPUTED, affirms)),
        ("a report came after", _after(LATER, "linden-report")),
        ("a proposal of another act came after", _after_forged("oak-proposed", act="roles")),
    ]:
        yield refused("D11", told_as, BROKEN, view)


def _after(shown: Show, *names: str) -> Any:
    return member_log().view(replace(shown, after=places(*names)))


def _after_forged(name: str, **body: Any) -> Any:
    return forged(replace(LATER, after=places(name)), name, FIRST.admin, **body)


def _signers() -> Iterator[ViewCase]:
    rotates = shown_as("an admin key that was committed to")
    consent = shown_as("a consent to be admitted")
    recovery = shown_as("a consent to be recovered")
    stranger = SECOND.another_key("stranger")
    for told_as, view in [
        (
            "a consent is by a key that was not proposed",
            forged(consent, "kestrel-accepts", KESTREL.next_admin),
        ),
        (
            "a consent to be recovered is by the old key",
            forged(recovery, "second-accepts", SECOND.admin),
        ),
        (
            "an admin key that signs for itself was not committed to",
            forged(rotates, "second-rotates", stranger, multikey=stranger.multikey),
        ),
        (
            "a committed key signs for another",
            forged(rotates, "second-rotates", SECOND.next_admin, multikey=stranger.multikey),
        ),
        (
            "a committed key signs for another party's rotation",
            forged(rotates, "second-rotates", FIRST.next_admin),
        ),
        (
            "a proposal is by a signing key",
            forged(shown_as("a proposal"), "kestrel-proposed", FIRST.signing),
        ),
        (
            "a revocation is by a signing key",
            forged(shown_as("a revocation"), "kestrel-revokes", KESTREL_SIGNING_B),
        ),
        (
            "a report is by an added admin key",
            forged_report(ADDED, "kestrel-report-b", KESTREL_ADDED),
        ),
        (
            "a report is by a key of the party's other life",
            forged_report(RESTORED, "second-report-c", SECOND.signing),
        ),
    ]:
        yield refused("D6", told_as, UNKNOWN, view)


def _late_signers() -> Iterator[ViewCase]:
    consent = shown_as("a consent to be admitted")
    ended = places(*LINDEN_KEYED, "linden-revokes")
    report = replace(LEFT, index=at("kestrel-rotates"), keys=ended, after=())
    late = instead(report, "kestrel-rotates", text_of("linden-report"), LINDEN.signing)
    yield refused("D6", "a report is signed after its key was ended", UNKNOWN, late)
    turned = replace(shown_as("a proposal"), index=at("kestrel-rotates"), keys=ROTATED)
    retired = instead(turned, "kestrel-rotates", text_of("oak-proposed"), SECOND.admin)
    yield refused("D6", "a proposal is by a retired admin key", UNKNOWN, retired)
    lost = replace(consent, keys=FOUNDED)
    yield refused("D5", "a consent is of no proposal in the path", BROKEN, member_log().view(lost))
    given = forged(consent, "kestrel-accepts", KESTREL.admin, meaning="approve")
    yield refused("D5", "a party that is pending approves itself", BROKEN, given)
    others = forged(consent, "kestrel-accepts", OAK.admin)
    yield refused("D5", "a consent is another party's", BROKEN, others)
