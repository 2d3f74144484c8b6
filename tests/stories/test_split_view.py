"""A dishonest operator signs two histories with the log's own key, and is caught."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from keys.encoding import decode_base64
from ledger.errors import QuorumNotMet
from ledger.witness import encode_request
from tests.api.cli.solo import lotmark
from tests.stories.consortium import Consortium
from tests.stories.witnesses import Watched, watched

pytestmark = [pytest.mark.item("3.done.test_split_view"), pytest.mark.timeout(180)]


def cosigned_receipt(story: Watched, text: str) -> dict[str, str]:
    """Admit a record of the honest history; its cosigned receipt verifies."""
    service = story.consortium.service
    record_id = service.admit(text)
    story.wait_until_cosigned()
    receipt = service.http.get(f"/v1/records/{record_id}/receipt?cosigned=true").text
    assert len(story.consortium.receipt(text, {"receipt": receipt}).cosigned_by) >= 2
    return {"receipt": receipt}


def show_the_other_history(story: Watched, old_size: int) -> list[int]:
    """Ask every witness to cosign the checkpoint that is served now, with its own true proof."""
    service = story.consortium.service
    note = service.http.get("/checkpoint").text
    size = int(note.splitlines()[1])
    proof = service.wired.ledger.reader.consistency_proof(old_size, size)
    assert all(len(decode_base64(line)) == 32 for line in proof)
    body = encode_request(old_size, tuple(proof), note=note)
    return [w.http.post("/add-checkpoint", content=body).status_code for w in story.witnesses]


@pytest.mark.parametrize("extra", [pytest.param(1, marks=pytest.mark.long), 3])
def test_split_view(consortium: Consortium, tmp_path: Path, extra: int) -> None:
    service = consortium.service
    anchor = service.folder.root.with_name("member.anchor.json")
    with watched(consortium, tmp_path) as story:
        # What every member holds.
        anchor.write_bytes(service.folder.anchor.read_bytes())
        story.save_folder()
        shown_to_one = service.record()
        held = cosigned_receipt(story, shown_to_one)
        size = service.size()

        # The operator goes back, with a program that asks nobody, and tells it otherwise.
        consortium.stop()
        story.bring_back_folder()
        story.ask_no_witness()
        consortium.start()
        assert service.size() == size - 1
        shown_to_another = service.record()
        other = service.submit(shown_to_another).json()
        for _ in range(extra - 1):
            service.admit(service.record())

        # Both histories are signed by the same key and audit clean, each by itself.
        consortium.audit()
        assert show_the_other_history(story, size) == [422] * 3

        # Who was shown the other one is not taken in: nobody cosigned it.
        with pytest.raises(QuorumNotMet):
            consortium.receipt(shown_to_another, other)
        assert consortium.receipt(shown_to_one, held)

        told(story, anchor, service.consortium.fold.origin)


def told(story: Watched, anchor: Path, origin: str) -> None:
    """A witness names the fork, and its evidence convinces whoever holds the anchor."""
    folder = str(story.witnesses[0].root)
    shown = lotmark("witness", "show", "--folder", folder, "--language", "en")
    assert shown.exit_code == 1
    assert f"log {origin}" in shown.stdout
    assert "FORK: this log has signed two histories" in shown.stdout
    out = str(story.witnesses[0].root.with_name("evidence"))
    exported = lotmark("witness", "export-evidence", "--folder", folder, "--out", out, "--json")
    (file,) = json.loads(exported.stdout)["files"]
    checked = lotmark("verify-fork", file, "--anchor", str(anchor), "--language", "en")
    assert checked.exit_code == 0, checked.stderr
    assert f"{origin} has signed two histories" in checked.stdout
