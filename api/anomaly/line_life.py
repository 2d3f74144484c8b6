"""The life of the models of one line, as its records make it: shadow, drift, and a new model.

Beside the fold of a line and as repeatable as that: the same entries lead to the same state. A
notice says that it is time for a new model and why; a person decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from api.anomaly.challenger_reports import Asked, report_on
from api.anomaly.changes import LineChanges
from api.anomaly.drifting import drift_event
from api.anomaly.events import Labels
from api.anomaly.fold_parts import FoldParts
from api.anomaly.judged_rows import ScoredUpload, judged_rows
from api.anomaly.life_state import LifeState
from api.anomaly.line_cards import LineCards
from api.anomaly.places import Place
from api.anomaly.shadowing import SHADOWS_MAX, score_in_shadow, shadow_names
from api.anomaly.uploads import Upload
from api.anomaly.watching import Found, Watching
from quality.deliveries.agreed import Filed
from scoring.anomaly.false_alarms import line_p_value
from scoring.anomaly.labels import newest_labels
from scoring.anomaly.retraining import LineHistory, training_rows, triggers

_MS_US: Final = 1_000
#: A comparison is made again once there are so many more rows for it.
_GROWN: Final = 1.1


class LineLife:
    """Follows the life of a line's models. Belongs to one thread."""

    def __init__(self, place: Place, parts: FoldParts, *, cards: LineCards, labels: Labels) -> None:
        """Begin with a line that nothing is known of; its fold feeds ``cards`` and ``labels``."""
        self._place = place
        self._parts = parts
        self._cards = cards
        self._labels = labels
        self.state = LifeState()

    def switched(self) -> None:
        """Another model is in force, or none: drift is told from here; shadows go on."""
        kept = self._waiting()
        shadows = {card: each for card, each in self.state.shadows.items() if card in kept}
        reports = {card: each for card, each in self.state.reports.items() if card in kept}
        self.state = LifeState(shadows=shadows, reports=reports)

    def in_shadow(self, record: Filed, upload: Upload, *, changes: LineChanges) -> None:
        """Score an upload by the models that wait."""
        waiting = self._waiting()
        shadows = {card: each for card, each in self.state.shadows.items() if card in waiting}
        for card in waiting:
            opened = self._parts.models.open_any(self._cards.digest(card) or "")
            if opened is None:
                continue
            names = shadow_names(record, self._place.key, card)
            found = score_in_shadow(opened, upload.table, shadows.get(card), names=names)
            changes.shadows[(card, record.record_id)] = found.row
            if found.stream is not None:
                shadows[card] = found.stream
        self.state = replace(self.state, shadows=MappingProxyType(shadows))

    def watched(
        self, record: Filed, upload: Upload, *, watching: Watching, found: Found
    ) -> Mapping[str, Any] | None:
        """Take in what the model in force says of an upload; the event of drift where it grew."""
        state, drifted = self.state, watching.drift(found, self.state.drift)
        event = state.drifted
        if drifted is not None:
            event = drift_event(state.drifted, drifted)
        fresh = [v.p for v in found.verdicts if v.source == record.record_id and v.p is not None]
        self.state = replace(
            state,
            drift=state.drift if drifted is None else drifted.state,
            drifted=event,
            set_ups=state.set_ups | {each for each in upload.table.setups or () if each},
            line_p=line_p_value(fresh) if fresh else state.line_p,
        )
        self._want(record.admitted_ms * _MS_US, is_out=found.watched.out is not None)
        return None if event == state.drifted else event

    def judged(self, record: Filed, uploads: Sequence[ScoredUpload], *, is_out: bool) -> None:
        """People have said something: count what is confirmed good, and compare who waits."""
        labels = newest_labels(each.act for each in self._labels.said)
        good = training_rows(judged_rows(uploads, self._labels), labels).rows
        asked = Asked(self._cards, self._labels, good, self._parts)
        reports = {}
        for card in self._waiting():
            before = self.state.reports.get(card)
            is_due = before is None or not (
                before["champion"] == self._cards.active
                and len(good) < max(1.0, _GROWN * before["good_rows"])
            )
            reports[card] = report_on(card, asked) if is_due else before
        self.state = replace(self.state, good=len(good), reports=MappingProxyType(reports))
        self._want(record.admitted_ms * _MS_US, is_out=is_out)

    def facts(self) -> dict[str, Any]:
        """What is told of it with the line."""
        state = self.state
        return {
            "drifted": state.drifted,
            "wanted": [{"trigger": name, "since_us": at} for name, at in state.wanted.items()],
            "good_rows": state.good,
            "line_p": state.line_p,
            "first_card": self._cards.first,
            "challengers": {
                card: {
                    "rows": 0 if stream is None else stream.rows,
                    "called": 0 if stream is None else stream.called,
                    "report": state.reports.get(card),
                }
                for card in self._cards.waiting()
                for stream in [state.shadows.get(card)]
            },
        }

    def _waiting(self) -> list[str]:
        return self._cards.waiting()[-SHADOWS_MAX:]

    def _want(self, now_us: int, *, is_out: bool) -> None:
        """Note the reasons for a new model that hold now; since when, of those that held."""
        active, state = self._cards.active, self.state
        if active is None:
            return
        history = LineHistory(
            trained_us=self._cards.admitted_ms(active) * _MS_US,
            trained_rows=max(1, self._cards.rows(active)),
            good_rows=state.good,
            known_setups=self._cards.set_ups(active),
            seen_setups=state.set_ups,
            has_drifted=state.drifted is not None,
            is_out_of_domain=is_out,
        )
        held = [str(each) for each in triggers(history, now_us=now_us)]
        wanted = {name: state.wanted.get(name, now_us) for name in held}
        self.state = replace(state, wanted=MappingProxyType(wanted))
