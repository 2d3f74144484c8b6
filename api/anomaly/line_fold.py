"""One line as the log makes it: models, rules and labels in force, uploads scored in turn.

A fold in the order of entries: the same entries and models lead to the same rows, whoever folds
them and in how many pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from api.anomaly.changes import LineChanges, encode_facts, facts_of
from api.anomaly.confirming import confirm_good, good_rows
from api.anomaly.drifting import drift_row
from api.anomaly.events import Labels, label_of, rules_of
from api.anomaly.fold_parts import FoldParts
from api.anomaly.fold_state import FoldState, decode_fold_state, encode_fold_state
from api.anomaly.judged_rows import ScoredUpload, judged_rows
from api.anomaly.line_cards import LineCards
from api.anomaly.line_life import LineLife
from api.anomaly.loud_regime import regimes_after
from api.anomaly.models import OpenModel
from api.anomaly.odd_times import start_times, times_after
from api.anomaly.places import (
    CARD_VCT,
    DECISION_VCT,
    LABEL_VCT,
    RULES_VCT,
    UPLOAD_VCT,
    Place,
    is_sealed,
)
from api.anomaly.scored_rows import UploadRows, alarm_rows, regime_rows, upload_row
from api.anomaly.series import empty_series, encode_series, note_verdicts, series_of_row
from api.anomaly.specified import check_rows, end
from api.anomaly.training_rows import training_rows
from api.anomaly.unwatched import UnwatchedLine
from api.anomaly.uploads import Upload, table_of
from api.anomaly.watching import Found, Watching
from quality.deliveries.agreed import Filed
from scoring.anomaly.adaptive import AdaptiveLevel, start_level
from scoring.anomaly.drift_reference import drift_reference
from scoring.anomaly.labels import JudgedRow, level_of
from scoring.anomaly.line import Line
from scoring.anomaly.model import Settings
from scoring.anomaly.rule_calibration import rule_set_digest
from scoring.anomaly.rule_training import calibrate_rules
from scoring.anomaly.rules import RuleSet
from scoring.anomaly.specification import Limits
from scoring.anomaly.table import ParameterTable
from scoring.errors import ScoringError

#: The statuses of an upload besides the codes of errors.
SCORED, NO_MODEL, MODEL_MISSING = "scored", "no-model", "model-missing"
SEALED, UNREADABLE, CORRECTED = "sealed", "unreadable", "corrected"
LEARNING_ROWS: Final = Settings().learning_rows


class LineFold:
    """Folds the records of one line. Belongs to one thread."""

    def __init__(self, place: Place, parts: FoldParts) -> None:
        """Nothing was filed yet."""
        self.place = place
        self._parts = parts
        self._cards = LineCards(place)
        self._rules, self._rules_record = RuleSet(), ""
        self._labels = Labels()
        self._state = FoldState()
        self._life = LineLife(place, parts, cards=self._cards, labels=self._labels)
        self._facts: dict[str, Any] = {"rows": 0, "uploads": 0, "newest_us": None}
        self._facts |= {"status": "", "stage": "", "unwatched": None, "limits": {}, "newest": ""}
        self._facts |= {"regime": None, "times": start_times()}
        self._unwatched = UnwatchedLine(place, parts, self._cards)
        self._level: AdaptiveLevel | None = None
        self._corrected: set[str] = set()
        self._watching: tuple[tuple[str, str, Limits], Watching] | None = None
        self.changes = LineChanges()

    # ---- where it stands ----

    def restore(self, facts: dict[str, Any], state: bytes, history: Sequence[Filed]) -> None:
        """Go on from what was written.

        Args:
            facts: those of the line's row.
            state: that of the line's row.
            history: the records of the line but uploads, in the order of their entries.

        Raises:
            MalformedState: another version wrote it.
        """
        for record in history:
            self._note(record)
        self._facts = {name: facts[name] for name in self._facts}
        self._corrected = set(facts["corrected"])
        self._level = None if facts["level"] is None else AdaptiveLevel(**facts["level"])
        self._state = decode_fold_state(state)
        self._life.state = self._state.life

    def anew(self) -> LineFold:
        """A fold of the same line that knows nothing: its records are folded from the first."""
        found = LineFold(self.place, self._parts)
        found._corrected = self._corrected
        found.changes = self.changes
        found.changes.begin_anew()
        return found

    def note_corrected(self, record_id: str) -> None:
        """Another record takes the place of an upload; it counts no more when folded again."""
        self._corrected.add(record_id)

    def written(self) -> None:
        """What was to be written is written."""
        self.changes = LineChanges()

    def finish(self) -> LineChanges:
        """The rows to write, the line's own among them."""
        place = self.place
        active = self._cards.active
        facts = {
            **self._facts,
            "card": active,
            "model": self._cards.digest(active),
            "rules": self._rules_record or None,
            "level": None if self._level is None else facts_of(self._level),
            "corrected": sorted(self._corrected),
            "out_of_domain": self._out_of_domain(),
            "labels": self._labels.newest(),
            "cards": self._cards.facts(),
            "life": self._life.facts(),
        }
        self.changes.line = {
            "key": place.key,
            "owner": place.owner,
            **place.members,
            "facts": encode_facts(facts),
            "state": encode_fold_state(replace(self._state, life=self._life.state)),
        }
        return self.changes

    # ---- records ----

    def take(self, record: Filed) -> None:
        """Fold the next record of the line."""
        self.changes.events.append(
            {
                "line": self.place.key,
                "entry": record.index,
                "record_id": record.record_id,
                "kind": record.vct,
            }
        )
        if record.vct == UPLOAD_VCT:
            self._take_upload(record)
            return
        before = self._cards.active
        self._note(record)
        if self._cards.active != before:
            self._switch()
            self._unwatched.switched(record, self._facts, changes=self.changes)
        elif record.vct == RULES_VCT:
            self._state = replace(self._state, calibration=None)
        elif record.vct == LABEL_VCT:
            self._adapt(record)
        if record.vct != RULES_VCT:
            is_out = self._out_of_domain() is not None
            self._life.judged(record, self._scored_uploads(), is_out=is_out)

    def _note(self, record: Filed) -> None:
        """Take in what a record says that is no upload."""
        if record.vct in {CARD_VCT, DECISION_VCT}:
            self._cards.note(record)
        elif record.vct == RULES_VCT and record.party == self.place.owner:
            found = rules_of(record)
            if found is not None:
                self._rules, self._rules_record = found, record.record_id
        elif record.vct == LABEL_VCT and record.party == self.place.owner:
            self._labels.add(label_of(record))

    def _switch(self) -> None:
        """Another model is in force, or none: its watch begins with the next row."""
        alarms = (alarm_rows(self.place, each, {}) for each in end(self._state.following))
        self.changes.alarms.update({row["id"]: row for row in alarms})
        self._state, self._level, self._watching = FoldState(), None, None
        self._facts["regime"] = None
        self._life.switched()

    def _adapt(self, record: Filed) -> None:
        """The level for yellow after all that labels say of rows."""
        opened = self._open_model()
        if opened is None or self._state.watched is None:
            return
        judged = self._judged_rows(opened.detector.digest)
        self._confirm(record, good_rows(judged, self._labels))
        acts = [labelled.act for labelled in self._labels.said]
        level = level_of(judged, acts, target=opened.model.settings.yellow)
        before = self._level or start_level(level.target)
        is_moved = before.alpha != level.alpha
        level = replace(level, moved_us=record.admitted_ms * 1_000 if is_moved else before.moved_us)
        self._level = level
        watched = self._state.watched
        now = watched.state.now
        stream = replace(now.stream, alpha=level.alpha)
        state = replace(watched.state, now=replace(now, stream=stream))
        self._state = replace(self._state, watched=replace(watched, state=state))

    def _judged_rows(self, model: str) -> list[JudgedRow]:
        """The rows that this model has scored and that somebody has judged."""
        named = {each.upload for each in self._labels.said}
        uploads = [each for each in self._scored_uploads() if each.record_id in named]
        return judged_rows([each for each in uploads if each.facts["model"] == model], self._labels)

    def _confirm(self, record: Filed, good: Sequence[JudgedRow]) -> None:
        """Rows that were called and are good, too many of them, are another regime."""
        assert self._state.watched is not None, "a model has scored the rows"
        found = confirm_good(good, self._state.watched)
        self._state = replace(self._state, watched=found.watched)
        if found.withdrawn is not None:
            self.changes.alarms[found.withdrawn] = None
            self._facts["regime"] = None
        if found.told is None:
            return
        upload = next(
            each for each in self._scored_uploads() if each.record_id == found.told.source
        )
        provenance = {"record_id": upload.record_id, "entry": upload.entry}
        provenance["label"] = record.record_id
        for row in regime_rows(self.place, [found.told], provenance):
            self.changes.alarms[row["id"]] = self._facts["regime"] = row

    def _scored_uploads(self) -> Sequence[ScoredUpload]:
        """Written ones, unless they count no more, and those of this page over them."""
        written = () if self.changes.is_anew else self._parts.uploads(self.place.key)
        found = {upload.record_id: upload for upload in written}
        for row in self.changes.uploads.values():
            found[row["record_id"]] = ScoredUpload.of_row(row["record_id"], row["entry"], row)
        return sorted(found.values(), key=lambda upload: upload.entry)

    # ---- uploads ----

    def _take_upload(self, record: Filed) -> None:
        self._facts["uploads"] += 1
        if record.record_id in self._corrected:
            self._keep(UploadRows(record, CORRECTED))
        elif is_sealed(record):
            self._keep(UploadRows(record, SEALED))
        elif not {"process", "values"} <= record.groups.keys():
            self._keep(UploadRows(record, "erased" if record.erased else UNREADABLE))
        else:
            self._score(record)

    def _score(self, record: Filed) -> None:
        try:
            upload = table_of(record)
        except ScoringError as fault:
            self._keep(UploadRows(record, fault.code, detail=str(fault)))
            return
        self._facts["rows"] += len(upload.table)
        self._life.in_shadow(record, upload, changes=self.changes)
        opened = self._open_model()
        if opened is None:
            has_card = self._cards.active is not None
            self._check(record, upload, status=MODEL_MISSING if has_card else NO_MODEL)
            return
        try:
            self._watch(record, upload, opened)
        except ScoringError as fault:
            self._check(record, upload, status=fault.code, detail=str(fault))

    def _check(self, record: Filed, upload: Upload, *, status: str, detail: str = "") -> None:
        """Without a model the specification alone is looked at."""
        checked = check_rows(upload, self._state.following, source=record.record_id)
        self._state = replace(self._state, following=checked.following)
        for episode in checked.episodes:
            row = alarm_rows(self.place, episode, {"stage": self._learning()})
            self.changes.alarms[row["id"]] = row
        rows = UploadRows(record, status, detail=detail, table=upload.table)
        self._keep(rows, stage=self._learning())
        for violated in checked.rows:
            key = (record.record_id, violated.row)
            self.changes.verdicts[key] = rows.violated(self.place.key, violated)

    def _watch(self, record: Filed, upload: Upload, opened: OpenModel) -> None:
        watching = self._watching_for(opened, upload.limits)
        watched = self._state.watched or self._started(watching)
        now_us = record.admitted_ms * 1_000
        found = watching.push(upload, watched, source=record.record_id, now_us=now_us)
        rows = UploadRows(
            record,
            SCORED,
            table=upload.table,
            card=self._cards.active,
            model=opened.detector.digest,
            before=watched,
            notes=found.notes,
        )
        # Behind this line the upload counts: an error before it has changed nothing.
        self._state = replace(self._state, watched=found.watched, following=None)
        self._keep(rows, stage=str(opened.model.stage))
        self._write_found(rows, found)
        times = times_after(self.place, self._facts["times"], found.verdicts, record=record)
        self._facts["times"] = times[0]
        if times[1] is not None:
            self.changes.alarms[times[1]["id"]] = times[1]
        drifted = self._life.watched(record, upload, watching=watching, found=found)
        if drifted is not None:
            row = drift_row(self.place, drifted, rows.provenance)
            self.changes.alarms[row["id"]] = row

    def _started(self, watching: Watching) -> Any:
        for episode in end(self._state.following):
            row = alarm_rows(self.place, episode, {})
            self.changes.alarms[row["id"]] = row
        return watching.start()

    def _write_found(self, rows: UploadRows, found: Found) -> None:
        by_source: dict[str, list[Any]] = {}
        for verdict in found.verdicts:
            by_source.setdefault(verdict.source, []).append(verdict)
            key = (verdict.source, verdict.row)
            path = found.paths.get(key, b"")
            self.changes.verdicts[key] = rows.verdict(self.place.key, verdict, path)
        for source, verdicts in by_source.items():
            self._note_series(source, verdicts)
        for gone in found.withdrawn:
            self.changes.alarms[gone] = None
        for episode in found.episodes:
            row = alarm_rows(self.place, episode, rows.provenance)
            self.changes.alarms[row["id"]] = row
        told = regimes_after(self.place, found, self._facts, provenance=rows.provenance)
        for row in told:
            self.changes.alarms[row["id"]] = row

    def _note_series(self, source: str, verdicts: Sequence[Any]) -> None:
        row = self.changes.uploads.get(source)
        if row is None:
            uploads = self._scored_uploads()
            upload = next((each for each in uploads if each.record_id == source), None)
            if upload is None:
                return
            row = dict(upload.row)
        series = series_of_row(row["series"])
        row["series"] = encode_series(note_verdicts(series, verdicts))
        self.changes.uploads[source] = row

    def _keep(self, rows: UploadRows, *, stage: str = "") -> None:
        count = 0 if rows.table is None else len(rows.table)
        row = upload_row(self.place.key, rows, series=encode_series(empty_series(count)))
        self.changes.uploads[rows.record.record_id] = row
        self._facts["status"] = rows.status
        self._unwatched.look(rows, self._facts, changes=self.changes)
        if stage:
            self._facts["stage"] = stage
        if rows.last_us is not None:
            # Nothing is measured after it was admitted, whatever its clock says.
            newest = min(rows.last_us, rows.record.admitted_ms * 1_000)
            self._facts["newest_us"] = max(self._facts["newest_us"] or 0, newest)

    # ---- models ----

    def _open_model(self) -> OpenModel | None:
        digest = self._cards.digest(self._cards.active)
        return None if digest is None else self._parts.models.open(digest)

    def _watching_for(self, opened: OpenModel, limits: Limits) -> Watching:
        """The watch by this model, these rules and these limits; made anew where one differs."""
        rules = rule_set_digest(self._rules)
        key = (opened.detector.digest, rules, limits)
        if self._watching is not None and self._watching[0] == key:
            return self._watching[1]
        table, calibration = self._trained_on(), self._state.calibration
        if calibration is not None and calibration.rule_set != rules:
            calibration = None
        if calibration is None and table is not None:
            calibration = calibrate_rules(table, opened.detector, opened.model, self._rules)
        self._state = replace(self._state, calibration=calibration)
        line = Line(opened.model, limits, self._rules, calibration)
        reference = None if table is None else drift_reference(opened.model, table)
        self._watching = key, Watching(opened, line, reference)
        return self._watching[1]

    def _trained_on(self) -> ParameterTable | None:
        """The rows that the model was trained on; None where not all of them are held."""
        assert self._cards.active is not None, "it has an open model"
        named = self._cards.trained_on(self._cards.active)
        found = self._parts.read(named)
        if len(found) != len(named):
            return None
        return training_rows(found, self._cards.left_out(self._cards.active)).table

    def _learning(self) -> str:
        rows = self._facts["rows"]
        return f"learning {min(rows, LEARNING_ROWS)}/{LEARNING_ROWS}"

    def _out_of_domain(self) -> dict[str, Any] | None:
        watched = self._state.watched
        return None if watched is None or watched.out is None else facts_of(watched.out)
