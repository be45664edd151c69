"""Names for rows that sort by the time they were made (ULID, https://github.com/ulid/spec)."""

from __future__ import annotations

import secrets
import time

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32


def new_id() -> str:
    """Return 26 characters: 48 bits of milliseconds since 1970, then 80 random bits."""
    number = time.time_ns() // 1_000_000 << 80 | secrets.randbits(80)
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(26)))
