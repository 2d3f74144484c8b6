"""``lotmark service-key``: the key by which the service signs in the name of its operator."""

from __future__ import annotations

from pathlib import Path

import click

from api.cli.acts import admin_composer, admitted_members, now_s, send
from api.cli.faults import CommandFault
from api.cli.options import (
    COSTS,
    Place,
    cost_option,
    data_folder,
    data_option,
    known_passphrase,
    open_key_file,
    open_session,
    pass_output,
    place_options,
)
from api.cli.output import Output
from api.governing import compose_registration, prove_key
from api.service_key import SERVICE_TERMS, draw_service_key


@click.command("service-key")
@data_option
@cost_option
@place_options
@pass_output
def service_key(output: Output, *, data: Path, cost: str, place: Place) -> None:
    """Draw the service's own key and register it, as the operator.

    It signs hourly digests of accesses, model cards of trainings and nothing else, and lies in
    the data folder under the log's passphrase. The next start of the service uses it. 'lotmark
    init' has done so where one party founded the log; run again, this registers the key that is
    there.
    """
    folder, session = data_folder(data), open_session(place)
    if not folder.config.exists():
        raise CommandFault(
            "no-log-here",
            f"expected a log in {folder.root}, found none",
            remedy="Name the data folder of the service with --data.",
        )
    passphrase = known_passphrase(f"the log in {folder.root}")
    if folder.service_key.exists():
        key = open_key_file(folder.service_key, passphrase)
    else:
        key = draw_service_key(folder, passphrase=passphrase, cost=COSTS[cost])
    composer = admin_composer(session)
    did = composer.signer.kid.partition("#")[0]
    proven = prove_key(key, origin=session.anchor.origin, did=did)
    sd_jwt = compose_registration(composer, proven, iat=now_s(), terms=SERVICE_TERMS)
    admitted = send(session, sd_jwt)
    output.say(f"registered {key.multikey} for digests of accesses: entry {admitted.index}")
    output.say("next: restart the service; on several replicas copy service.key to each")
    output.result({"multikey": key.multikey, **admitted_members(admitted)})
