"""A line that is folded by itself: records as they are admitted, models at hand, no service."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from api.anomaly.changes import decode_facts
from api.anomaly.fold_parts import FoldParts
from api.anomaly.fold_state import decode_fold_state
from api.anomaly.line_fold import LineFold
from api.anomaly.models import Models
from api.anomaly.places import Place
from api.anomaly.training_rows import training_rows
from quality.deliveries.agreed import Filed
from scoring.anomaly.cards import CardFacts, LinePlace, card_content
from scoring.anomaly.challenger import export_challenger, train_challenger
from scoring.anomaly.challenger_model import Autoencoder
from scoring.anomaly.graph import export_model
from scoring.anomaly.model import Model
from scoring.anomaly.rule_calibration import RuleCalibration
from scoring.anomaly.table import Numbers
from scoring.anomaly.training import train
from tests.api.anomaly.plant import LINE, upload_groups

OWNER: Final = "did:web:log.example:parties:acme"
PLACE: Final = Place(OWNER, **LINE)
DAY_MS: Final = 24 * 3_600_000
#: Behind all rows that tests upload.
NOW_MS: Final = 4_000_000_000_000


@dataclass
class FoldedLine:
    """Takes records one after the other; each method gives the record's id."""

    records: dict[str, Filed] = field(default_factory=dict)
    onnx: dict[str, bytes] = field(default_factory=dict)
    now_ms: int = NOW_MS
    seconds: int = 0

    def __post_init__(self) -> None:
        """Nothing was filed yet."""
        self.fold = LineFold(PLACE, self.parts)

    @property
    def parts(self) -> FoldParts:
        """What the fold asks."""
        return FoldParts(Models(self.onnx.get), self.read, lambda _: [])

    def read(self, record_ids: Sequence[str]) -> list[Filed]:
        """Records by their ids, in the order of their entries."""
        found = [self.records[each] for each in record_ids]
        return sorted(found, key=lambda record: record.index)

    def take(self, vct: str, groups: dict[str, Any], *, kid: str = "anna") -> str:
        """The next record."""
        index = len(self.records)
        name = f"{index:043d}"
        record = Filed(index, name, OWNER, vct, groups, admitted_ms=self.now_ms, kid=kid)
        self.records[name] = record
        self.fold.take(record)
        return name

    def upload(self, values: Numbers, **given: Any) -> str:
        """Rows behind those before."""
        groups = upload_groups(values, first=self.seconds, **given)
        self.seconds += len(values)
        return self.take("parameter-upload/v1", groups)

    def card(
        self, upload: str, *, left_out: frozenset[int] = frozenset(), is_challenger: bool = False
    ) -> str:
        """A card of a model or challenger that is trained on an upload, but for these rows."""
        rows = training_rows(self.read([upload]), {upload: left_out})
        model: Model | Autoencoder
        if is_challenger:
            model = train_challenger(rows.table)
            onnx = export_challenger(model)
        else:
            model = train(rows.table)
            onnx = export_model(model)
        digest = hashlib.sha256(onnx).digest()
        self.onnx[digest.hex()] = onnx
        facts = CardFacts(
            place=LinePlace(*PLACE),
            records=rows.records,
            code_version="lotmark test",
            from_us=rows.from_us,
            until_us=rows.until_us,
            onnx_sha256=digest,
            onnx_bytes=len(onnx),
            parity_error=0.0,
            drift_sha256=hashlib.sha256(b"").digest(),
        )
        return self.take("model-card/v1", card_content(model, facts), kid="service")

    def activate(self, card: str) -> None:
        """Two people approve, one activates."""
        for kid, decision in (("anna", "approve"), ("bert", "approve"), ("anna", "activate")):
            state = {"card": card, "decision": decision, "reason": "other"}
            self.take("model-decision/v1", {"state": state}, kid=kid)

    def label(self, upload: str, rows: tuple[int, int], label: str) -> None:
        """What somebody says of rows."""
        alarm = {"upload": upload, "from_row": rows[0], "to_row": rows[1]}
        said = {"action": "label", "label": label}
        self.take("alarm-label/v1", {"alarm": alarm, "label": said})

    def acknowledge(self, upload: str, rows: tuple[int, int]) -> None:
        """Somebody has seen rows."""
        alarm = {"upload": upload, "from_row": rows[0], "to_row": rows[1], "episode": "other"}
        self.take("alarm-label/v1", {"alarm": alarm, "label": {"action": "acknowledge"}})

    def restart(self) -> None:
        """Go on from what was written, as another process does."""
        before = self.fold.finish()
        after = LineFold(PLACE, self.parts)
        others = [each for each in self.records.values() if each.vct != "parameter-upload/v1"]
        after.restore(decode_facts(before.line["facts"]), before.line["state"], others)
        after.changes = before
        self.fold = after

    @property
    def told(self) -> dict[str, Any]:
        """What is told of the line."""
        return decode_facts(self.fold.finish().line["facts"])

    @property
    def life(self) -> dict[str, Any]:
        """What is told of the life of its models."""
        found: dict[str, Any] = self.told["life"]
        return found

    @property
    def calibration(self) -> RuleCalibration:
        """How the rules of the line are calibrated now."""
        found = decode_fold_state(self.fold.finish().line["state"]).calibration
        assert found is not None, "a model is in force"
        return found

    def alarms(self, kind: str) -> list[dict[str, Any]]:
        """The events of a kind."""
        rows = [row for row in self.fold.changes.alarms.values() if row is not None]
        return [row for row in rows if row["kind"] == kind]
