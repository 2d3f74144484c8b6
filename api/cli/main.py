"""``lotmark``: every command, and the one place where an error becomes words."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any, Final, NoReturn

import click

from api import __version__
from api.cli.faults import FAMILIES, CommandFault, command_fault, show_json

#: command -> (module, name in it), in the order in which help lists them.
_COMMANDS: Final = {
    "keygen": ("keygen", "keygen"),
    "init": ("founding", "init"),
    "migrate": ("migrating", "migrate"),
    "replica": ("replicas", "replica"),
    "serve": ("serving", "serve"),
    "endorse": ("governance", "endorse"),
    "register-key": ("own_keys", "register_key"),
    "define-types": ("governance", "define_types"),
    "join": ("voting", "join"),
    "propose": ("ordering", "propose"),
    "proposals": ("voting", "proposals"),
    "approve": ("voting", "approve"),
    "reject": ("voting", "reject"),
    "define": ("governance", "define"),
    "policy": ("policies", "policy"),
    "leave": ("proposing", "leave"),
    "keys": ("own_keys", "keys"),
    "rotate": ("rotating", "rotate"),
    "device-key": ("own_keys", "device_key"),
    "revoke": ("own_keys", "revoke"),
    "reaffirm": ("voting", "reaffirm"),
    "recover": ("recovering", "recover"),
    "relate": ("relating", "relate"),
    "tasks": ("masters", "tasks"),
    "countersign": ("countersigning", "countersign"),
    "end": ("relating", "end"),
    "move-part": ("relating", "move_part"),
    "severity": ("severities", "severity"),
    "skip-lot": ("skip_lot", "skip_lot"),
    "model": ("models", "model"),
    "alarm": ("alarms", "alarm"),
    "rules": ("line_rules", "rules"),
    "grant": ("granting", "grant"),
    "delegate": ("granting", "delegate"),
    "revoke-grant": ("granting", "revoke_grant"),
    "grants": ("granting", "grants"),
    "case": ("cases", "case"),
    "hold": ("cases", "hold"),
    "release": ("cases", "release"),
    "erase": ("erasing", "erase"),
    "erasures": ("erasing", "erasures"),
    "purge-report": ("erasing", "purge_report"),
    "retention": ("retaining", "retention"),
    "masters": ("masters", "masters"),
    "accesses": ("accesses", "accesses"),
    "alerts": ("alerts", "alerts"),
    "alert-when": ("alerts", "alert_when"),
    "service-key": ("service_keys", "service_key"),
    "codes": ("codes", "codes"),
    "plan": ("planning", "plan"),
    "study": ("studying", "study"),
    "anomaly": ("anomaly", "anomaly"),
    "findings": ("findings", "findings"),
    "tally": ("tallying", "tally"),
    "template": ("template", "template"),
    "import": ("submitting", "import_"),
    "submit": ("submitting", "submit"),
    "stream": ("streaming", "stream"),
    "seal": ("sealing", "seal"),
    "open": ("sealing", "open_"),
    "show": ("reading", "show"),
    "report": ("reporting", "report"),
    "receipt": ("reading", "receipt"),
    "export": ("reading", "export"),
    "decide": ("deciding", "decide"),
    "seen-by": ("seen_by", "seen_by"),
    "page": ("seen_by", "page"),
    "delivered": ("deliveries", "delivered"),
    "differences": ("deliveries", "differences"),
    "sampling": ("sampling", "sampling"),
    "verify": ("verifying", "verify"),
    "audit": ("audit", "audit"),
    "rebuild": ("rebuilding", "rebuild"),
    "backup": ("backup", "backup"),
    "shelf": ("shelves", "shelf"),
    "restore": ("backup", "restore_command"),
    "simulate": ("simulating", "simulate"),
    "anchor": ("reading", "anchor"),
    "witness": ("witnessing", "witness"),
    "verify-fork": ("forks", "verify_fork"),
}


class Doors(click.Group):
    """The commands, each imported when it is asked for: their errors are told, never traced."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order in which a newcomer meets them."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One command; its module is imported now, since web and database take their time."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name]
        command = getattr(import_module(f"api.cli.{module}"), name)
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except FAMILIES as fault:
            raise command_fault(fault) from fault
        except BrokenPipeError:
            raise
        except OSError as fault:
            raise CommandFault(
                "file-failed",
                f"{fault.filename or 'a file'}: {fault.strerror or fault}",
                remedy="Check the path, its permissions and the space on the disk.",
            ) from fault

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run, and exit with the status that the outcome has."""
        extra["standalone_mode"] = False
        given = extra.get("args") or (args[0] if args else None) or sys.argv[1:]
        try:
            status = super().main(*args, **extra)
        except click.ClickException as fault:
            _leave(fault, is_json="--json" in given)
        except click.Abort:
            click.echo("stopped", err=True)
            sys.exit(1)
        sys.exit(status if isinstance(status, int) else 0)


@click.group(cls=Doors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="lotmark")
def main() -> None:
    """A ledger for quality facts: signed by parties, proven by a log, verified offline.

    \b
    A log of your own in three commands:
      lotmark init --solo acme
      lotmark serve
      lotmark submit report.json --type inspection-report/v1
    """


def _leave(fault: click.ClickException, *, is_json: bool) -> NoReturn:
    fault.show()
    if is_json:
        show_json(fault)
    sys.exit(fault.exit_code)
