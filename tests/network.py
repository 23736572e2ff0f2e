"""Tests talk to this machine only: any other address is refused before a packet leaves."""

import ipaddress
import socket
from typing import Any

import pytest


class NoNetwork(OSError):
    """A test reached for an address beyond this machine."""


def is_here(address: object) -> bool:
    """Whether a socket address or host name stays on this machine; local sockets always do."""
    if isinstance(address, (str, bytes)):
        return True
    host = address[0] if isinstance(address, tuple) and address else address
    return is_here_by_name(host)


def is_here_by_name(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(name)).is_loopback
    except ValueError:
        return False


def refuse_the_network(patch: pytest.MonkeyPatch) -> None:
    """Guards connecting, sending and looking up names. libpq and browsers are not reached by it."""
    connect, connect_ex, send_to = (
        socket.socket.connect,
        socket.socket.connect_ex,
        socket.socket.sendto,
    )
    look_up = socket.getaddrinfo

    def guard(address: object) -> None:
        if not is_here(address):
            raise NoNetwork(f"tests stay on this machine; refused: {address!r}")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        guard(address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        guard(address)
        return connect_ex(self, address)

    def guarded_send_to(self: socket.socket, data: Any, *rest: Any) -> int:
        guard(rest[-1])
        return send_to(self, data, *rest)

    def guarded_look_up(host: Any, *rest: Any, **named: Any) -> Any:
        if not is_here_by_name(host):
            raise NoNetwork(f"tests stay on this machine; refused to look up {host!r}")
        return look_up(host, *rest, **named)

    patch.setattr(socket.socket, "connect", guarded_connect)
    patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    patch.setattr(socket.socket, "sendto", guarded_send_to)
    patch.setattr(socket, "getaddrinfo", guarded_look_up)
