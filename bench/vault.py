"""What the vault costs ingestion: the same log in one run, sealed and not, round by round.

Batches go through worker processes and writer as in ``bench.ingest``, as a part of
``bench.sharing``. Every second round the store keeps contents as they came, which no store
outside this benchmark can; rounds take turns, so that other work of the machine meets both.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final

from api import interpreter
from api.wiring import Service, open_service
from bench.consortium import Workshop, found_consortium
from bench.engines import Engine
from bench.ingest import Plan, admit_all, batches
from bench.report import Figures
from ledger.vault.sealing import Plain, VaultRow
from ledger.vault.vault import Vault

FULL: Final = Plan(8, 5_000, 0, 0, 0)
QUICK: Final = Plan(1, 100, 0, 0, 0)
OVERHEAD_MIN: Final = 0.001
_NO_KEY: Final = bytes(8)
_NO_WRAPPED: Final = bytes(60)


class PlainVault(Vault):
    """Seals nothing."""

    def seal(self, plains: Sequence[Plain]) -> list[VaultRow]:
        """Rows of the same form, with contents as they came."""
        return [
            VaultRow(entry, _NO_KEY, 1, _NO_WRAPPED, text.encode()) for text, entry, _ in plains
        ]


def measure_vault(plan: Plan, engine: Engine, root: Path) -> Figures:
    """Records a second with and without the vault, and the share of time that it takes."""
    consortium = found_consortium(engine.folder(root / "vault"))
    count = 2 * (plan.rounds + 1)
    with Workshop(consortium) as workshop:
        lines = workshop.lines(count * plan.batch_records)
    rounds = [
        lines[at : at + plan.batch_records] for at in range(0, len(lines), plan.batch_records)
    ]
    service = open_service(consortium.settings(), passphrase=lambda: consortium.passphrase)
    interpreter.settle()
    try:
        sealed, plain = asyncio.run(_seconds(service, rounds))
    finally:
        service.close()
    return {
        "sealed_per_s": plan.batch_records / sealed,
        "plain_per_s": plan.batch_records / plain,
        # A busy machine may find the one as fast as the other, or faster.
        "vault_overhead": max(sealed / plain - 1, OVERHEAD_MIN),
    }


async def _seconds(service: Service, rounds: Sequence[Sequence[bytes]]) -> tuple[float, float]:
    """The median round with the vault, and the one without; the first of each warms up."""
    store = service.store
    sealing = getattr(store, "_vault")  # noqa: B009  (no store has a way to leave it out)
    vaults = (sealing, PlainVault(sealing.shelf))
    taken: tuple[list[float], list[float]] = ([], [])
    await service.pool.warm_up()
    for number, lines in enumerate(rounds):
        setattr(store, "_vault", vaults[number % 2])  # noqa: B010
        started = time.perf_counter()
        await admit_all(service, batches(lines))
        taken[number % 2].append(time.perf_counter() - started)
    setattr(store, "_vault", sealing)  # noqa: B010
    return median(taken[0][1:]), median(taken[1][1:])
