"""``lotmark simulate``: the same from the same seed, gone on with, and a log that audits."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections import Counter
from contextlib import closing
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from api.cli.main import main
from api.data_folder import DataFolder
from api.opening_log import open_log
from api.setup_errors import SimulationExists, SimulationRefused
from api.simulation.folder import SimulationFolder, SimulationPlan, claim, write_drafts
from api.simulation.genesis import open_simulated
from api.simulation.loading import Loader
from api.simulation.signed_log import load_log
from api.simulation.signing import DraftSigner
from api.simulation.simulated_keys import SimulatedKeys
from ledger.anchor import parse_anchor
from ledger.clock import ManualClock
from quality.evaluation.consortium import EvaluationConsortium
from quality.evaluation.truth import Truth

pytestmark = [pytest.mark.item("4.9.simulate"), pytest.mark.timeout(240)]
PLAN = SimulationPlan(
    seed=3, suppliers=3, months=None, records=220, begin=date(2025, 1, 1), is_signed=True
)


class Stopped(Exception):
    """The run was stopped here."""


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["simulate", *arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def truth_of(out: Path) -> dict[str, Any]:
    truth = json.loads((out / "truth.json").read_bytes())
    assert isinstance(truth, dict)
    return truth


# ---- drafts ----


def test_drafts_and_truth_are_written(tmp_path: Path) -> None:
    assert run(str(tmp_path / "out"), "--seed", "5", "--suppliers", "4", "--months", "1") == 0
    lines = (tmp_path / "out" / "drafts.jsonl").read_bytes().splitlines()
    truth = truth_of(tmp_path / "out")
    assert (
        truth["count"] == len(lines) == sum(Counter(json.loads(x)["type"] for x in lines).values())
    )
    assert [profile["slug"] for profile in truth["profiles"]] == [
        f"supplier-{number:03}" for number in range(1, 5)
    ]
    shipped = sum(json.loads(line)["type"] == "shipment/v1" for line in lines)
    assert sum(cell["shipments"] for cell in truth["cells"]) == shipped


def test_the_truth_is_that_of_the_records_that_were_written(tmp_path: Path) -> None:
    assert run(str(tmp_path / "out"), "--suppliers", "4", "--records", "150") == 0
    lines = (tmp_path / "out" / "drafts.jsonl").read_bytes().splitlines()
    assert truth_of(tmp_path / "out")["count"] == len(lines) == 150


def test_a_stopped_run_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    plan = SimulationPlan(5, 4, 1, None, date(2025, 1, 1), is_signed=False)
    whole, cut = SimulationFolder(tmp_path / "whole"), SimulationFolder(tmp_path / "cut")
    for folder in (whole, cut):
        claim(folder, plan)
        write_drafts(folder, plan, lambda _: None)
    data = cut.drafts.read_bytes()
    cut.drafts.unlink()
    cut.drafts_so_far.write_bytes(data[: len(data) // 2] + b"\0\0\0 lost in a power cut\n")
    write_drafts(cut, plan, lambda _: None)
    assert cut.drafts.read_bytes() == whole.drafts.read_bytes()


def test_what_is_whole_is_left_as_it_is(tmp_path: Path) -> None:
    command = (str(tmp_path / "out"), "--suppliers", "2", "--records", "40")
    assert run(*command) == 0
    before = (tmp_path / "out" / "truth.json").stat().st_mtime_ns
    assert run(*command) == 0
    assert (tmp_path / "out" / "truth.json").stat().st_mtime_ns == before


@pytest.mark.parametrize("records", ["40", "41"])
def test_another_simulation_is_never_mixed_in(tmp_path: Path, records: str) -> None:
    assert run(str(tmp_path / "out"), "--suppliers", "2", "--records", "40") == 0
    expected = 0 if records == "40" else 1
    assert run(str(tmp_path / "out"), "--suppliers", "2", "--records", records) == expected


def test_a_folder_with_other_things_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(SimulationExists, match="expected an empty folder"):
        claim(SimulationFolder(tmp_path), PLAN)


# ---- signed ----


def load(folder: SimulationFolder, plan: SimulationPlan = PLAN, *, stop_after: int = 0) -> Truth:
    told = 0

    def progress(_: int) -> None:
        nonlocal told
        told += 1
        if told == stop_after:
            raise Stopped

    return load_log(folder, plan, processes=1, progress=progress)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> SimulationFolder:
    folder = SimulationFolder(tmp_path_factory.mktemp("simulation"))
    assert load(folder).drafts == PLAN.records
    return folder


def test_a_simulated_log_audits_clean(loaded: SimulationFolder) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["audit", str(loaded.data)])
    assert ended.value.code == 0


def test_every_entry_is_admitted_at_its_simulated_time(loaded: SimulationFolder) -> None:
    first = json.loads(loaded.founded.read_bytes())["size"]
    consortium = EvaluationConsortium(seed=3, suppliers=3)
    with closing(open_log(DataFolder(loaded.data), read_only=True)) as store:
        for at, draft in zip(range(first, first + 220), consortium.drafts(), strict=False):
            row = store.entry(at)
            assert row is not None
            assert (row.admitted_ms, row.vct) == (draft.at_ms, draft.vct)


def test_the_keys_of_a_few_parties_are_there_to_try_it_out(loaded: SimulationFolder) -> None:
    found = {path.name for path in loaded.parties.iterdir()}
    assert found == {"oem-1", "laboratory-1", "certifier-1", "supplier-001"}
    assert (loaded.parties / "oem-1" / "anchor.json").read_bytes() == (
        DataFolder(loaded.data).anchor.read_bytes()
    )


@pytest.mark.long
def test_a_stopped_loading_goes_on_to_the_same_log(
    tmp_path: Path, loaded: SimulationFolder
) -> None:
    folder = SimulationFolder(tmp_path)
    few = SimulationPlan(3, 3, None, 100, date(2025, 1, 1), is_signed=True)
    load(folder, few)
    with pytest.raises(Stopped):
        load(folder, stop_after=60)
    assert load(folder).drafts == PLAN.records
    assert record_ids(folder)[-220:] != record_ids(loaded)[-220:], "another charter, other ids"
    assert types_of(folder) == types_of(loaded)


@pytest.mark.long
def test_a_log_of_another_seed_is_not_gone_on_with(tmp_path: Path) -> None:
    folder = SimulationFolder(tmp_path)
    few = SimulationPlan(3, 3, None, 30, date(2025, 1, 1), is_signed=True)
    load(folder, few)
    other = SimulationPlan(4, 3, None, 60, date(2025, 1, 1), is_signed=True)
    with pytest.raises(SimulationExists, match="found others"):
        load(folder, other)


def record_ids(folder: SimulationFolder) -> list[bytes]:
    with closing(open_log(DataFolder(folder.data), read_only=True)) as store:
        head = store.head()
        assert head
        rows = [store.entry(at) for at in range(head.size)]
    return [row.record_id for row in rows if row]


def types_of(folder: SimulationFolder) -> list[str]:
    with closing(open_log(DataFolder(folder.data), read_only=True)) as store:
        head = store.head()
        assert head
        rows = [store.entry(at) for at in range(head.size)]
    return [row.vct for row in rows if row]


@pytest.mark.parametrize("seed", [3, 4])
def test_a_record_that_the_log_refuses_ends_the_loading(
    tmp_path: Path, loaded: SimulationFolder, seed: int
) -> None:
    data = DataFolder(tmp_path / "data")
    shutil.copytree(loaded.data, data.root)
    consortium = EvaluationConsortium(seed=seed, suppliers=3)
    clock = ManualClock(consortium.begin_ms)
    service = open_simulated(data, clock, processes=0)
    policy = parse_anchor(service.anchor_text.encode()).charter
    try:
        signer = DraftSigner(SimulatedKeys(seed, consortium.origin), policy)
        following = islice(map(signer.sign, consortium.drafts()), 220, 221)
        loading = Loader(service, clock).load(following, on_loaded=lambda _: None)
        if seed == 3:
            assert asyncio.run(loading) == 1
        else:
            with pytest.raises(SimulationRefused, match="key-not-valid"):
                asyncio.run(loading)
    finally:
        service.close()
