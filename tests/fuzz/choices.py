"""Bytes taken as decisions: so that a fuzzer that changes bytes changes structures."""

from __future__ import annotations

import random


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
