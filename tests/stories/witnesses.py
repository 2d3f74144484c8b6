"""The witnesses of a story's consortium: partners who run them, and the anchor that asks for k."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ledger.anchor import encode_anchor, parse_anchor
from ledger.trust_policy import encode_trust_policy
from tests.api.live_witness import LiveWitness
from tests.api.witnessed_log import WitnessedLog, quorum_anchor, running_witnesses
from tests.ledger.parties import ORIGIN
from tests.stories.consortium import Consortium


@dataclass
class Watched:
    """A consortium whose checkpoints k of n witnesses cosign."""

    consortium: Consortium
    witnesses: Sequence[LiveWitness]

    @property
    def log(self) -> WitnessedLog:
        """The log and its witnesses."""
        return WitnessedLog(self.consortium.service, self.witnesses)

    def wait_until_cosigned(self) -> int:
        """Wait until everything admitted so far is cosigned; how much that is."""
        size = self.consortium.service.size()
        self.log.wait_until_cosigned(size)
        return size

    # ---- what an operator does who means ill, or who restores too much ----

    def save_folder(self) -> None:
        """Keep database and high-water file as they are now."""
        self.consortium.save()
        self.consortium.stop()
        shutil.copyfile(self._mark, self._saved_mark)
        self.consortium.start()

    def bring_back_database(self) -> None:
        """Put yesterday's database back, and nothing else; the service is stopped."""
        self.consortium.bring_back()

    def bring_back_folder(self) -> None:
        """Put yesterday's database and high-water file back."""
        self.consortium.bring_back()
        shutil.copyfile(self._saved_mark, self._mark)

    def ask_no_witness(self) -> None:
        """Serve without witnesses: what a program does that was changed to ask nobody."""
        anchor = self.consortium.anchor
        logs = "".join(
            line
            for line in encode_trust_policy(anchor.policy).splitlines(keepends=True)
            if line.startswith("log ")
        )
        text = encode_anchor(ORIGIN, f"{logs}quorum none\n", anchor.charter)
        self.consortium.service.folder.anchor.write_text(text, "utf-8")

    @property
    def _mark(self) -> Path:
        return self.consortium.service.folder.high_water

    @property
    def _saved_mark(self) -> Path:
        return self._mark.with_name("high-water.saved")


@contextmanager
def watched(consortium: Consortium, root: Path, *, k: int = 2, n: int = 3) -> Iterator[Watched]:
    """Hand out an anchor that asks for k of n witnesses, and serve the log under it."""
    with running_witnesses(root / "witnesses", n) as witnesses:
        service = consortium.service
        consortium.stop()
        text = quorum_anchor(service.consortium, witnesses, k)
        service.folder.anchor.write_text(text, "utf-8")
        service.anchor = parse_anchor(text.encode())
        consortium.start()
        story = Watched(consortium, witnesses)
        story.wait_until_cosigned()
        try:
            yield story
        finally:
            # The log goes first: it would report witnesses that are gone.
            if service.thread.is_alive():
                service.stop()
