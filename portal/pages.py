"""The pages: read the facts, make the view-model, render it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response

from ledger.anchor import parse_anchor
from ledger.errors import QuorumNotMet
from ledger.limits import TREE_SIZE_MAX
from ledger.trust_policy import TrustedCheckpoint, check_checkpoint
from portal.facts import PortalFacts
from portal.limits import ENTRIES_ON_HOME, ENTRIES_PER_PAGE
from portal.record_page import record_page
from portal.rendering import OWN_SCRIPT, Renderer
from portal.static_files import StaticFiles
from portal.verify_page import verify_page
from portal.view_models import entries_page, home_page


@dataclass(frozen=True, slots=True)
class Pages:
    """The HTTP routes for people."""

    facts: PortalFacts
    renderer: Renderer
    files: StaticFiles

    def home(self, request: Request) -> Response:
        """``GET /``: what this log is."""
        trusted = self._newest_checkpoint()
        rows = self.facts.newest(before=trusted.checkpoint.size, limit=ENTRIES_ON_HOME)
        words = self.renderer.words(request)
        page = home_page(self.facts.fold, rows, trusted=trusted, words=words)
        return self.renderer.render(request, "home.html", page=page)

    def entries(self, request: Request) -> Response:
        """``GET /entries?before=``: the log, newest first."""
        size = self._newest_checkpoint().checkpoint.size
        before = min(size, parse_before(request.query_params.get("before")))
        rows = self.facts.newest(before=before, limit=ENTRIES_PER_PAGE)
        words = self.renderer.words(request)
        page = entries_page(self.facts.fold, rows, size=size, before=before, words=words)
        return self.renderer.render(request, "entries.html", page=page)

    def record(self, request: Request) -> Response:
        """``GET /records/{record_id}``: one record, verified before it is shown."""
        record = self.facts.open(request.path_params["record_id"])
        words = self.renderer.words(request)
        page = record_page(record, self.facts.fold, anchor=self.facts.anchor, words=words)
        return self.renderer.render(request, "record.html", page=page)

    def verify(self, request: Request) -> Response:
        """``GET /verify``: checks a view in the browser; the only page with a script."""
        words = self.renderer.words(request)
        page = verify_page(self.facts.fold, self.files, anchor=self.facts.anchor, words=words)
        return self.renderer.render(request, "verify.html", page=page, script_source=OWN_SCRIPT)

    def about(self, request: Request) -> Response:
        """``GET /about``: what this proves and what it does not."""
        return self.renderer.render(request, "about.html", page=None)

    def _newest_checkpoint(self) -> TrustedCheckpoint:
        anchor = parse_anchor(self.facts.anchor.encode())
        note = self.facts.checkpoint().encode()
        try:
            return check_checkpoint(note, anchor.policy, origin=anchor.origin)
        except QuorumNotMet:
            # Shown as what it is, signed by the log alone: the page says who cosigned.
            policy = replace(anchor.policy, quorum=None)
            return check_checkpoint(note, policy, origin=anchor.origin)


def parse_before(text: str | None) -> int:
    """The index below which a page begins; the end of the log for anything that is none."""
    if text and text.isascii() and text.isdecimal() and len(text) < 19:
        return max(1, int(text))
    return TREE_SIZE_MAX
