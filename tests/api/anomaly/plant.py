"""A supplier's line on a served log: uploads, a model trained on them, and people who decide."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import numpy as np

from api.anomaly.keeping import KeptModel
from api.anomaly.places import UPLOAD_VCT, Place
from api.anomaly.training_rows import training_rows
from api.anomaly.worker import AnomalyParts
from ledger.compose import Filing
from quality.deliveries.agreed import Filed
from scoring.anomaly.cards import CardFacts, LinePlace, card_content
from scoring.anomaly.graph import export_model
from scoring.anomaly.table import Numbers
from scoring.anomaly.training import train
from tests.api.service import SUPPLIER, LiveService
from tests.ledger.parties import NOW_MS, ORIGIN, PartySigner, sign_key

LONG_WAIT_SECONDS: Final = 20.0
ROWS: Final = 120
NAMES: Final = ("force", "travel", "heat", "time")
#: Rows of the first upload are a day old.
START: Final = datetime.fromtimestamp(NOW_MS / 1000, UTC) - timedelta(days=1)
LINE: Final = {"site": "hangzhou", "line": "L4", "machine": "press-2", "part": "P-1"}


def normal_rows(rows: int, *, seed: int = 1) -> Numbers:
    """Rows of four parameters that move together."""
    random = np.random.default_rng(seed)
    common = random.normal(size=(rows, 1))
    return np.asarray(100.0 + 2.0 * common + random.normal(size=(rows, len(NAMES))))


def upload_groups(
    values: Numbers, *, first: int = 0, set_up: str | None = None, names: Sequence[str] = NAMES
) -> dict[str, Any]:
    """The groups of an upload: a row a second, ``first`` seconds behind the start."""
    parameters = [
        {"id": name, "unit": "NEW", "nominal": "100", "lower": "60", "upper": "140"}
        for name in names
    ]
    rows = []
    for n, row in enumerate(values):
        at = (START + timedelta(seconds=first + n)).isoformat(timespec="seconds")
        cells = [None if np.isnan(value) else f"{value:.4f}" for value in row]
        rows.append({"at": at, "values": cells})
    process: dict[str, Any] = {**LINE, "parameters": parameters}
    if set_up is not None:
        process["set_up"] = {"tool": set_up}
    return {"process": process, "values": {"rows": rows}}


@dataclass
class Plant:
    """Files records of one line; each method gives the record's id."""

    live: LiveService
    seconds: int = 0
    first: str = ""
    faulty: str = ""
    model: str = ""
    active: str = ""
    keys: dict[str, PartySigner] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Two people of the supplier get keys of their own."""
        for name in ("quality", "production"):
            key = self.live.party(SUPPLIER).another_key(name)
            person = {"holder_kind": "person"}
            supplier = self.live.party(SUPPLIER)
            self.live.admit(sign_key(self.live.consortium, supplier, key, **person))
            self.keys[name] = key

    @property
    def place(self) -> Place:
        """The line."""
        return Place(self.live.party(SUPPLIER).did, **LINE)

    def file(
        self,
        vct: str,
        groups: dict[str, Any],
        *,
        key: PartySigner | None = None,
        filing: Filing = Filing(),  # noqa: B008  (immutable)
    ) -> str:
        """A record of the supplier that is admitted."""
        signing = key or self.live.party(SUPPLIER).signing
        composer = self.live.consortium.composer(signing, label=f"plant {self.live.size()}")
        kind = self.live.kind(vct)
        iat = self.live.now_s
        return self.live.admit(composer.compose_record(kind, groups, filing=filing, iat=iat))

    def upload(self, values: Numbers, *, filing: Filing | None = None, **given: Any) -> str:
        """Rows behind those uploaded before."""
        first = given.pop("first", self.seconds)
        self.seconds = max(self.seconds, first + len(values))
        groups = upload_groups(values, first=first, **given)
        if filing is not None and filing.corrects:
            groups["correction"] = {"reason": "measurement", "note": "a wrong gauge"}
        return self.file("parameter-upload/v1", groups, filing=filing or Filing())

    def card(
        self, values: Numbers, record_id: str, *, set_up: str | None = None
    ) -> tuple[str, str]:
        """Train on an upload, keep the model, file its card; its record id and the digest."""
        filed = Filed(0, record_id, "", "", upload_groups(values, set_up=set_up))
        rows = training_rows([filed])
        model = train(rows.table)
        onnx = export_model(model)
        digest = hashlib.sha256(onnx).digest()
        store = self.live.wired.anomaly.models
        place = self.place
        store.keep(KeptModel(digest.hex(), place.owner, place.key, 0, onnx, {}))
        facts = CardFacts(
            LinePlace(*place),
            rows.records,
            "lotmark test",
            rows.from_us,
            rows.until_us,
            digest,
            len(onnx),
            0.0,
            hashlib.sha256(b"").digest(),
        )
        return self.file("model-card/v1", card_content(model, facts)), digest.hex()

    def decide(self, card: str, decision: str, *, by: str) -> str:
        """A decision of one person."""
        state = {"card": card, "decision": decision, "reason": "first-model"}
        return self.file("model-decision/v1", {"state": state}, key=self.keys[by])

    def activate(self, card: str) -> None:
        """Two people approve, one activates."""
        self.decide(card, "approve", by="quality")
        self.decide(card, "approve", by="production")
        self.decide(card, "activate", by="quality")

    def label(self, upload: str, rows: tuple[int, int], **said: str) -> str:
        """What somebody says of rows."""
        alarm = {"upload": upload, "from_row": rows[0], "to_row": rows[1]}
        said = {"action": "label", **said}
        groups = {"alarm": alarm, "label": said}
        return self.file("alarm-label/v1", groups, key=self.keys["quality"])

    def await_tables(self) -> int:
        """Wait until all that is in the log is scored; the log's size."""
        worker, size = self.live.wired.anomaly, self.live.wired.ledger.size
        worker.await_size(size, LONG_WAIT_SECONDS)
        assert worker.size >= size, worker.fault
        return size

    def parts(self, url: str) -> AnomalyParts:
        """What a worker of the same log is built from."""
        wired = self.live.wired
        return AnomalyParts(url, wired.store, ORIGIN, lambda: wired.ledger.size)


def a_plant(live: LiveService) -> Plant:
    """A line with a model in force, a normal upload and one with a fault from row 11 on."""
    plant = Plant(live)
    good = normal_rows(ROWS)
    plant.first = plant.upload(good)
    plant.active, plant.model = plant.card(good, plant.first)
    plant.activate(plant.active)
    plant.upload(normal_rows(20, seed=2))
    plant.faulty = plant.upload(faulty_rows())
    plant.await_tables()
    return plant


def faulty_rows() -> Numbers:
    """Twenty rows, of which the first parameter is another one from row 11 on."""
    faulty = normal_rows(20, seed=5)
    faulty[10:, 0] += 15.0
    return faulty


def an_alarm(live: LiveService) -> str:
    """A violation of its specification that the supplier uploads; the alarm's id."""
    record = live.admit(live.record(upload_groups(np.full((1, 4), 150.0)), vct=UPLOAD_VCT))
    live.wired.anomaly.await_size(live.wired.ledger.size, LONG_WAIT_SECONDS)
    return f"specification:{record}:1"


def a_training(live: LiveService) -> dict[tuple[str, str], list[httpx.Response]]:
    """A line with a model: asked to train, the training, the model, and rules that are tried."""
    plant, client = a_plant(live), live.signed(SUPPLIER)
    body = {"line": plant.place.key}

    def post(path: str, **more: Any) -> httpx.Response:
        content = json.dumps(body | more).encode()
        return client.send("POST", f"/v1/anomaly/{path}", content=content)

    asked = post("models", records=[plant.first])
    base = "/v1/anomaly"
    return {
        ("post", f"{base}/models"): [asked],
        ("get", f"{base}/jobs/{{job}}"): [client.get(f"{base}/jobs/{asked.json()['job']}")],
        ("get", f"{base}/models/{{model}}"): [client.get(f"{base}/models/{plant.model}")],
        ("post", f"{base}/rules/preview"): [post("rules/preview", rules={"parameters": []})],
    }
