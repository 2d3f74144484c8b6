"""A log restored from yesterday does not sign: its own mark knows more, or its witnesses do."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.errors import LogRolledBack
from tests.stories.consortium import Consortium
from tests.stories.witnesses import watched

pytestmark = [
    pytest.mark.item("3.done.test_rollback"),
    pytest.mark.item("3.6.restored"),
    pytest.mark.timeout(180),
]


@pytest.mark.item("3.4.restart")
@pytest.mark.parametrize("since_yesterday", [pytest.param(0, marks=pytest.mark.long), 2])
def test_rollback(consortium: Consortium, tmp_path: Path, since_yesterday: int) -> None:
    service = consortium.service
    with watched(consortium, tmp_path) as story:
        service.admit(service.record())
        story.wait_until_cosigned()
        story.save_folder()
        for _ in range(since_yesterday):
            service.admit(service.record())
        size = story.wait_until_cosigned()
        consortium.stop()

        story.bring_back_database()
        if since_yesterday:
            with pytest.raises(LogRolledBack, match=rf"at least {size} entries, found {size - 2}"):
                consortium.start()

        # The high-water file comes back with it: only others remember now.
        story.bring_back_folder()
        if not since_yesterday:
            # Nothing was lost, so nobody objects and the log goes on.
            consortium.start()
            service.admit(service.record())
            story.wait_until_cosigned()
            consortium.audit()
            return
        expected = rf"the {size} entries that witness w[123] has cosigned, found {size - 2}"
        with pytest.raises(LogRolledBack, match=expected) as caught:
            consortium.start()
        assert "restore the newest copy" in str(caught.value)

        # One witness that answers is enough to know.
        for witness in story.witnesses[1:]:
            witness.stop()
        with pytest.raises(LogRolledBack, match="witness w1"):
            consortium.start()
