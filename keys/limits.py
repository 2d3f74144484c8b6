"""The bounds that this room needs itself.

The room imports no other one, so these cannot stand in :mod:`ledger.limits`; that module
takes over from here what it shares.
"""

from __future__ import annotations

from typing import Final

ORIGIN_BYTES_MAX: Final = 200
SLUG_CHARACTERS_MIN: Final = 2
SLUG_CHARACTERS_MAX: Final = 40
# "did:web:", the origin with its ':' written as '%3A', ":parties:" and the slug.
PARTY_DID_CHARACTERS_MAX: Final = 8 + ORIGIN_BYTES_MAX + 2 + 9 + SLUG_CHARACTERS_MAX
BASE58BTC_CHARACTERS_MAX: Final = 256
# One more than that for the multibase character 'z'.
MULTIKEY_CHARACTERS_MAX: Final = BASE58BTC_CHARACTERS_MAX + 1
KID_CHARACTERS_MAX: Final = PARTY_DID_CHARACTERS_MAX + 1 + MULTIKEY_CHARACTERS_MAX
KIDS_CACHED_MAX: Final = 4096
MULTIKEYS_CACHED_MAX: Final = 4096

KEY_FILE_BYTES_MAX: Final = 4096
PASSPHRASE_BYTES_MAX: Final = 1024
# The floor keeps a file from being weaker than argon2id's interactive setting; the ceiling
# keeps a file that somebody else wrote from taking all memory or a minute of time.
ARGON2_OPERATIONS_MIN: Final = 2
ARGON2_OPERATIONS_MAX: Final = 8
ARGON2_MEMORY_BYTES_MIN: Final = 64 * 1024 * 1024
ARGON2_MEMORY_BYTES_MAX: Final = 1024 * 1024 * 1024
