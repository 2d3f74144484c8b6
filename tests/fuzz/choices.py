"""Bytes taken as decisions: so that a fuzzer that changes bytes changes structures."""

from __future__ import annotations

import copy
import random
from collections.abc import Sequence
from typing import Any

from tests.ledger.view_mutations import NAMES, VALUES


class Choices(random.Random):
    """A source of chance whose every bit comes from given bytes; zeros when they are used up.

    The generators of mutated records and views take a :class:`random.Random`. Given this one,
    they are steered by the fuzzer, and the same bytes make the same mutation.
    """

    def __new__(cls, data: bytes) -> Choices:
        """Nothing is seeded."""
        del data
        return super().__new__(cls)

    def __init__(self, data: bytes) -> None:
        """Decide by ``data``, from its first byte on."""
        super().__init__()
        self._left = memoryview(data)

    def random(self) -> float:
        """A number from 0 up to and without 1."""
        return self.getrandbits(16) / 65_536

    def getrandbits(self, k: int, /) -> int:
        """The next bits; whole bytes are used up."""
        count = -(-k // 8)
        taken, self._left = bytes(self._left[:count]), self._left[count:]
        return int.from_bytes(taken, "big") & ((1 << k) - 1)


def change_place(chance: random.Random, value: Any) -> None:
    """Change one place of a JSON value, found step by step: cheap, however large the value is."""
    parent, step = value, None
    while True:
        steps = _steps(parent if step is None else parent[step])
        # The top has no place of its own; below it each level may be the one.
        if step is not None and (not steps or chance.randrange(3) == 0):
            break
        if not steps:
            return
        parent, step = (parent if step is None else parent[step]), chance.choice(steps)
    match chance.randrange(4):
        case 0:
            del parent[step]
        case 1 if isinstance(parent, dict):
            parent[chance.choice(NAMES)] = parent[step]
        case 2 if isinstance(parent[step], str) and parent[step]:
            place = chance.randrange(len(parent[step]))
            parent[step] = parent[step][:place] + chr(chance.randrange(256)) + parent[step][place:]
        case _:
            parent[step] = copy.deepcopy(chance.choice(VALUES))


def _steps(value: Any) -> Sequence[Any]:
    if isinstance(value, dict):
        return list(value)
    return range(len(value)) if isinstance(value, list) else ()


def edited(base: bytes, program: bytes) -> bytes:
    """``base`` after the edits that ``program`` spells: so few bytes reach deep into large inputs.

    An edit is two bytes of place, one that says what, and one that says how many or which; what
    is inserted stands behind it.
    """
    data, position = base, 0
    while position + 4 <= len(program):
        high, low, what, number = program[position : position + 4]
        place = (high << 8 | low) % (len(data) + 1)
        position += 4
        match what % 4:
            case 0:
                data = data[:place] + data[place + number + 1 :]
            case 1:
                piece = program[position : position + number % 16 + 1]
                data = data[:place] + piece + data[place:]
                position += len(piece)
            case 2 if place < len(data):
                data = data[:place] + bytes([number]) + data[place + 1 :]
            case _:
                start = place * 251 % (len(data) + 1)
                data = data[:place] + data[start : start + number] + data[place:]
    return data
