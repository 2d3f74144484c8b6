"""``lotmark anomaly``: the anomaly model on plain files, with no server."""

from __future__ import annotations

import click

from api.cli.anomaly_bench import bench
from api.cli.anomaly_explaining import explain
from api.cli.anomaly_lines import lines
from api.cli.anomaly_replaying import replay
from api.cli.anomaly_rows import rows
from api.cli.anomaly_scoring import score
from api.cli.anomaly_training import train


@click.group()
def anomaly() -> None:
    """Train and use the anomaly model on plain files; nothing is sent anywhere.

    'anomaly lines' alone asks a service: how the lines of this party are watched there.
    """


for _command in (train, score, explain, replay, rows, bench, lines):
    anomaly.add_command(_command)
