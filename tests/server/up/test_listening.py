import socket

import pytest

from server.up import listening
from server.up.errors import CannotStart


def test_a_caller_is_taken_in_before_anybody_accepts() -> None:
    with listening.listen("127.0.0.1", 0) as listener, socket.create_connection(listening.address(listener)) as caller:
        caller.sendall(b"hello")
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.recv(5) == b"hello"


def test_a_port_in_use_is_said_in_a_sentence() -> None:
    with listening.listen("127.0.0.1", 0) as listener:
        port = listening.address(listener)[1]

        with pytest.raises(CannotStart, match=rf"^port {port} on 127.0.0.1 is in use by another program"):
            listening.listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host"])
def test_an_address_of_another_machine_is_said_in_a_sentence(host: str) -> None:
    with pytest.raises(CannotStart, match=host):
        listening.listen(host, 0)


def test_a_socket_on_every_address_is_reached_on_loopback() -> None:
    with listening.listen("0.0.0.0", 0) as listener:
        host, port = listening.address(listener)

    assert listening.url(host, port) == f"http://127.0.0.1:{port}"
    assert listening.url("::1", 8000) == "http://[::1]:8000"


def test_of_a_name_with_several_addresses_the_one_is_taken_that_everything_can_reach() -> None:
    with listening.listen("localhost", 0) as listener:
        assert listening.address(listener)[0] == "127.0.0.1"
