"""For every test: one thread a library, and no network but this machine."""

import os

# Before numpy, torch and gradio are loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import ipaddress
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest


class NetworkRefusedError(RuntimeError):
    """A test tried to reach another machine."""


def _is_here(host: object) -> bool:
    if host in (None, "", "localhost", b"localhost"):
        return True
    try:
        address = ipaddress.ip_address(str(host).split("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _guarded(method: Callable[..., Any]) -> Callable[..., Any]:
    def guard(self: socket.socket, *args: Any) -> Any:
        address = args[-1]
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(address[0]):
            raise NetworkRefusedError(f"tests reach no other machine, not {address[0]}")
        return method(self, *args)

    return guard


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Refuse every socket but loopback, and every look-up of another machine's name."""
    look_up = socket.getaddrinfo

    def look_up_here(host: Any, *args: Any, **options: Any) -> Any:
        if not _is_here(host):
            raise NetworkRefusedError(f"tests look up no other machine, not {host}")
        return look_up(host, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
        patch.setattr(socket, "getaddrinfo", look_up_here)
        yield
