"""What a fuzz target is: a function of bytes that may refuse them, and never does anything else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

RUNS: Final = 1_000_000
CORPUS: Final = Path(__file__).resolve().parent / "corpus"
Attempt = Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class Target:
    """A parser under attack.

    ``attempt`` parses the bytes and asserts what must hold of whatever was accepted;
    ``refusals`` are the documented errors, and anything else that is raised is a crash.
    ``covers`` names the public functions that the target stands for, ``words`` what an input may
    be made of, ``runs`` how often it is executed in ``make test-long``.
    """

    name: str
    attempt: Attempt
    refusals: tuple[type[Exception], ...]
    covers: tuple[Callable[..., Any], ...]
    seeds: Callable[[], Iterable[bytes]]
    bytes_max: int = 1024
    words: tuple[str, ...] = ()
    runs: int = RUNS

    def run(self, data: bytes) -> None:
        """One execution; returning means that the bytes were accepted or rightly refused."""
        with suppress(*self.refusals):
            self.attempt(data)

    @property
    def corpus(self) -> Path:
        """The folder of its kept inputs."""
        return CORPUS / self.name

    def kept(self) -> list[bytes]:
        """The kept inputs, those that once crashed it among them."""
        return [path.read_bytes() for path in sorted(self.corpus.glob("*"))]


def text_of(data: bytes) -> str:
    """Any text, as JSON may hold it: what is not UTF-8 becomes a replacement character."""
    return data.decode("utf-8", "replace")


def raw_text_of(data: bytes) -> str:
    """Any text, as an argument of a command may hold it: lone surrogates among it."""
    return data.decode("utf-8", "surrogateescape")
