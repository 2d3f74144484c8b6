"""Sending drafts: signed, noted in the journal, sent in batches, their receipts verified."""

from __future__ import annotations

import mimetypes
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from api.cli.drafts import Draft, cited_files, content_key, file_below, put_files
from api.cli.faults import CommandFault
from api.cli.journal import Journal, Kept, Slot
from api.cli.refusals import KeptRefusals
from api.client import Answer, LogClient
from api.sealing import Sealer
from ledger import limits
from ledger.anchor import Anchor
from ledger.compose import Composer
from ledger.receipt import verify_receipt
from ledger.record_type import RecordType
from ledger.submission import Admitted

_BATCH_RECORDS: Final = 200


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a draft; ``was_done`` says that the journal had its receipt already.

    ``note`` is the file with the log's word on its refusal, where that was asked for.
    """

    draft: Draft
    answer: Answer
    was_done: bool = False
    note: Path | None = None


@dataclass(frozen=True, slots=True)
class _Signed:
    slot: Slot
    draft: Draft
    sd_jwt: str


@dataclass(frozen=True, slots=True)
class Submission:
    """One party's submission to one log."""

    client: LogClient
    composer: Composer
    anchor: Anchor
    kinds: Mapping[str, RecordType]
    journal: Journal
    cosigned: bool = False
    sealer: Sealer | None = None
    notes: KeptRefusals | None = None

    def send(self, drafts: Sequence[Draft]) -> Iterator[Sent]:
        """Send drafts that have no receipt yet; an answer for each, in their order.

        Raises:
            ClientError: no answer came. Everything that was signed is in the journal.
            LedgerError: a receipt does not verify; its record is sent again the next time. Or
                the log's word on a refusal does not, and is not kept.
        """
        batch: list[_Signed] = []
        size = 0
        for slot, draft in slots(drafts):
            kept = self.journal.find(slot)
            if kept is not None and kept.admitted is not None:
                yield from self._send_batch(batch)
                batch, size = [], 0
                yield Sent(draft, kept.admitted, was_done=True)
                continue
            batch.append(self._sign(slot, draft, kept))
            size += len(batch[-1].sd_jwt)
            if len(batch) >= _BATCH_RECORDS or size > limits.CLIENT_BATCH_BYTES_MAX:
                yield from self._send_batch(batch)
                batch, size = [], 0
        yield from self._send_batch(batch)

    def _sign(self, slot: Slot, draft: Draft, kept: Kept | None) -> _Signed:
        if kept is not None:
            return _Signed(slot, draft, kept.sd_jwt)
        groups = put_files(draft.groups, self._upload(draft))
        sd_jwt = self.composer.compose_record(
            self.kinds[draft.vct], groups, filing=draft.filing, iat=int(time.time())
        )
        if self.sealer is not None:
            sd_jwt = self.sealer.seal(sd_jwt, draft.seals)
        return _Signed(slot, draft, sd_jwt)

    def _upload(self, draft: Draft) -> Mapping[str, Mapping[str, Any]]:
        uploads = {}
        for name in dict.fromkeys(cited_files(draft.groups)):
            media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
            uploaded = self.client.upload(file_below(draft.folder, name), media_type=media_type)
            uploads[name] = uploaded.members()
        return uploads

    def _send_batch(self, batch: Sequence[_Signed]) -> list[Sent]:
        if not batch:
            return []
        fresh = [item for item in batch if self.journal.find(item.slot) is None]
        # From here on the signed bytes survive a crash; only now may they leave.
        self.journal.keep_signed((item.slot, item.sd_jwt) for item in fresh)
        texts = [item.sd_jwt for item in batch]
        answers = self.client.submit_batch(
            texts, cosigned=self.cosigned, signed_refusals=self.notes is not None
        )
        for item, answer in zip(batch, answers, strict=True):
            if isinstance(answer, Admitted):
                jws = item.sd_jwt.partition("~")[0]
                verify_receipt(answer.receipt.encode(), jws, anchor=self._anchor_of(answer))
        self.journal.keep_answers(
            (item.slot, answer if isinstance(answer, Admitted) else answer.code)
            for item, answer in zip(batch, answers, strict=True)
        )
        return [
            Sent(item.draft, answer, note=self._keep_note(item.sd_jwt, answer))
            for item, answer in zip(batch, answers, strict=True)
        ]

    def _keep_note(self, sd_jwt: str, answer: Answer) -> Path | None:
        if self.notes is None or isinstance(answer, Admitted):
            return None
        return self.notes.keep(sd_jwt, answer)

    def _anchor_of(self, answer: Admitted) -> Anchor:
        # A receipt that came before the witnesses is the log's own promise, and checked as that.
        if answer.is_cosigned:
            return self.anchor
        return replace(self.anchor, policy=replace(self.anchor.policy, quorum=None))


@contextmanager
def tell_interruption(journal: Journal) -> Iterator[None]:
    """Turn Ctrl-C into words: how far it came, and how it goes on.

    Raises:
        CommandFault: it was interrupted.
    """
    try:
        yield
    except KeyboardInterrupt as fault:
        signed, received = journal.counts()
        raise CommandFault(
            "interrupted",
            f"stopped: the journal holds {signed} signed records, {received} of them with a "
            "receipt",
            remedy="Run the same command again: it goes on from there, nothing is sent twice.",
        ) from fault


def slots(drafts: Sequence[Draft]) -> Iterator[tuple[Slot, Draft]]:
    """Each draft with its slot: equal drafts of one file are told apart by their order."""
    seen: Counter[str] = Counter()
    for draft in drafts:
        key = content_key(draft)
        yield Slot(key, seen[key]), draft
        seen[key] += 1
