"""A test that reaches beyond this machine is refused, and one that does not is left alone."""

import socket

import pytest

from tests.network import NoNetwork, is_here

ELSEWHERE = ("192.0.2.1", 443)


def test_connecting_elsewhere_is_refused() -> None:
    with socket.socket() as door:
        with pytest.raises(NoNetwork):
            door.connect(ELSEWHERE)
        with pytest.raises(NoNetwork):
            door.connect_ex(ELSEWHERE)


def test_sending_elsewhere_is_refused() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as door, pytest.raises(NoNetwork):
        door.sendto(b"x", ELSEWHERE)


def test_looking_up_a_name_is_refused() -> None:
    with pytest.raises(NoNetwork):
        socket.getaddrinfo("clinic.example", 443)


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as house, socket.socket() as door:
        door.connect(house.getsockname())


@pytest.mark.parametrize("address", [("::1", 80, 0, 0), ("localhost", 80), "/run/file.sock"])
def test_what_stays_on_this_machine_is_here(address: object) -> None:
    assert is_here(address)
