"""A simulated log as a data folder: founded, signed, loaded; gone on with where it stopped."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from itertools import islice
from typing import Final

import orjson

from api.data_folder import DataFolder
from api.derived.database import derived_url
from api.derived.worker import DerivedParts, fold_deliveries
from api.party_folder import PartyFolder, PartyProfile, create_party, remember_service
from api.setup_errors import SimulationExists
from api.simulation.folder import Progress, SimulationFolder, SimulationPlan
from api.simulation.genesis import found_simulated_log, open_simulated
from api.simulation.loading import Loader
from api.simulation.signing import SignedDraft, sign_all
from api.simulation.simulated_keys import ADMIN, NEXT, PASSPHRASE, SIGNING, SimulatedKeys
from api.wiring import Service
from keys.key_file import Cost
from ledger.anchor import parse_anchor
from ledger.clock import ManualClock
from ledger.durable_files import replace_file
from ledger.record import record_id
from quality.evaluation.cast import SimulatedParty
from quality.evaluation.profile import TIER1_EVERY, supplier_slug
from quality.evaluation.truth import Truth

#: Whose keys are written down: one of each role, and a tier-1.
_TRIED: Final = (
    *("oem-1", "laboratory-1", "certifier-1"),
    *(supplier_slug(1), supplier_slug(TIER1_EVERY)),
)


def load_log(
    folder: SimulationFolder, plan: SimulationPlan, *, processes: int, progress: Progress
) -> Truth:
    """Make the log, or go on with it, until every record of the plan is in it.

    Raises:
        SimulationExists: the log in the folder holds other records.
        SimulationRefused: the log does not admit a record.
        SetupError, LedgerError, KeysError: it could not be made or opened.
    """
    data = DataFolder(folder.data)
    first = found_once(folder, plan, data)
    clock = ManualClock(plan.consortium().begin_ms)
    service = open_simulated(data, clock, processes=processes)
    truth = Truth()

    def note(draft: SignedDraft) -> None:
        truth.note(draft.fact)
        progress(draft.at_ms)

    def missing() -> Iterator[SignedDraft]:
        for draft, is_there in fill_log(plan, service, first=first, processes=processes):
            if is_there:
                note(draft)
            else:
                yield draft

    # Beside the load the derived tables would follow commit by commit, each made durable; at
    # the end they follow in large pages.
    service.derived.close()
    try:
        asyncio.run(Loader(service, clock).load(missing(), on_loaded=note))
        _follow(service)
        return truth
    finally:
        service.close()


def _follow(service: Service) -> None:
    """Bring the derived tables up to the log."""
    folder, ledger = service.folder, service.ledger
    url = derived_url(folder.database_url, folder.derived)
    parts = DerivedParts(url, service.store, service.config.origin, lambda: ledger.size)
    fold_deliveries(parts)


def found_once(folder: SimulationFolder, plan: SimulationPlan, data: DataFolder) -> int:
    """The size of the log before its first business record; founds it where there is none.

    Raises:
        SetupError, LedgerError, KeysError: it could not be made.
    """
    if folder.founded.exists():
        return int(orjson.loads(folder.founded.read_bytes())["size"])
    # A founding that did not end is of no use; what is here is ours, simulation.json says so.
    for path in (folder.data, folder.parties):
        shutil.rmtree(path, ignore_errors=True)
    size = found_simulated_log(data, plan.consortium())
    _write_parties(folder, plan, data)
    replace_file(folder.founded, orjson.dumps({"size": size}) + b"\n")
    return size


def _write_parties(folder: SimulationFolder, plan: SimulationPlan, data: DataFolder) -> None:
    consortium = plan.consortium()
    keys = SimulatedKeys(consortium.seed, consortium.origin)
    anchor = data.anchor.read_bytes()
    for party in consortium.parties:
        if party.slug in _TRIED:
            _write_party(PartyFolder(folder.parties / party.slug), party, keys)
            remember_service(
                PartyFolder(folder.parties / party.slug), url="http://127.0.0.1:8080", anchor=anchor
            )


def _write_party(folder: PartyFolder, party: SimulatedParty, keys: SimulatedKeys) -> None:
    seeds = iter([keys.seed_of(party.slug, purpose) for purpose in (ADMIN, NEXT, SIGNING)])
    create_party(
        folder,
        PartyProfile(party.slug, {"en": party.name}, (party.role,)),
        passphrase=PASSPHRASE,
        cost=Cost.INTERACTIVE,
        random_bytes=lambda _: next(seeds),
    )


def fill_log(
    plan: SimulationPlan, service: Service, *, first: int, processes: int
) -> Iterator[tuple[SignedDraft, bool]]:
    """Every record of a plan, signed, and whether the log has it already.

    Args:
        plan: what is simulated.
        service: the open log.
        first: the index of the first business record.
        processes: how many workers sign.

    Raises:
        SimulationExists: the log holds other records.
    """
    policy = parse_anchor(service.anchor_text.encode()).charter
    signed = islice(sign_all(plan.consortium(), policy, processes=processes), plan.records)
    last = None
    for last in islice(signed, service.ledger.size - first):
        yield last, True
    if last is not None:
        _expect_last(service, last)
    for draft in signed:
        yield draft, False


def _expect_last(service: Service, last: SignedDraft) -> None:
    row = service.store.entry(service.ledger.size - 1)
    jws = orjson.loads(last.line)["sd_jwt"].partition("~")[0]
    if row is None or row.record_id != record_id(jws):
        raise SimulationExists(
            f"expected the records of this simulation in {service.folder.root}, found others: "
            "name another folder"
        )
