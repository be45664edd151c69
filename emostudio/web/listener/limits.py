"""How often somebody may start or answer. Who is over a limit waits; nothing is dropped.

Addresses limit starts alone, and are kept in memory alone: as an HMAC whose key is new every day.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import deque
from collections.abc import Callable

DAY_S = 24 * 60 * 60
MINUTE_S = 60.0


class Limit:
    """So many in any minute for each key."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Allow `most` a minute; `clock` gives seconds."""
        self.most = most
        self._clock = clock
        self._times: dict[bytes, deque[float]] = {}
        self._swept = clock()

    def wait_s(self, key: bytes, count: int = 1) -> float:
        """Count so many now and return 0, or return the seconds until they may come.

        >>> limit = Limit(2, clock=lambda: 0.0)
        >>> [limit.wait_s(b"one") for _ in range(3)]
        [0.0, 0.0, 60.0]
        """
        now = self._clock()
        self._sweep(now)
        times = self._times.setdefault(key, deque())
        while times and times[0] <= now - MINUTE_S:
            times.popleft()
        over = len(times) + min(count, self.most) - self.most
        if over > 0:
            return times[over - 1] + MINUTE_S - now
        times.extend([now] * count)
        return 0.0

    def _sweep(self, now: float) -> None:
        if now - self._swept < MINUTE_S:
            return
        self._swept = now
        old = now - MINUTE_S
        self._times = {key: times for key, times in self._times.items() if times[-1] > old}


class Addresses:
    """Keys of addresses that tell no address, not even to who holds the memory of yesterday."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin the day now; `clock` gives seconds."""
        self._clock = clock
        self._begun = clock()
        self._secret = secrets.token_bytes(32)

    def key(self, address: str) -> bytes:
        """Return the key of an address for today."""
        if self._clock() - self._begun > DAY_S:
            self._begun, self._secret = self._clock(), secrets.token_bytes(32)
        return hmac.digest(self._secret, address.encode(), hashlib.sha256)
