"""The guard of conftest.py does guard."""

import socket

import pytest

from tests.conftest import NetworkRefusedError


def test_no_other_machine_is_reached() -> None:
    with socket.socket() as outside, pytest.raises(RuntimeError, match="no other machine"):
        outside.connect(("192.0.2.1", 80))
    with pytest.raises(RuntimeError, match="no other machine"):
        socket.getaddrinfo("example.org", 80)
    assert issubclass(NetworkRefusedError, RuntimeError)


def test_this_machine_is_reached() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname(), timeout=5) as client,
    ):
        client.sendall(b"here")
        peer, _ = server.accept()
        with peer:
            assert peer.recv(4) == b"here"
