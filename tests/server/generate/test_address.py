import httpx
import pytest

from server.generate.address import Address
from server.generate.errors import BadAddress

SET = "0b8b8b0e-3c0f-4d8e-9a70-2d4c3b1f6a55"


@pytest.mark.parametrize(
    ("url", "websocket", "page"),
    [
        ("http://127.0.0.1:8000", f"ws://127.0.0.1:8000/ws?job={SET}", f"http://127.0.0.1:8000/#set={SET}"),
        ("https://a.example/", f"wss://a.example/ws?job={SET}", f"https://a.example/#set={SET}"),
        ("https://a.example/limner", f"wss://a.example/limner/ws?job={SET}", f"https://a.example/limner/#set={SET}"),
        ("http://a.example/?x=1#set=2", f"ws://a.example/ws?job={SET}", f"http://a.example/#set={SET}"),
    ],
)
def test_the_websocket_and_the_page_follow_from_the_address(url: str, websocket: str, page: str) -> None:
    address = Address(url)
    assert address.websocket([SET]) == websocket
    assert address.page(SET) == page


@pytest.mark.parametrize(
    ("path", "resolved"),
    [
        ("/temp-portraits/1/image?v=2", "https://a.example/limner/temp-portraits/1/image?v=2"),
        ("https://bucket.example/1.png", "https://bucket.example/1.png"),
        ("//bucket.example/1.png", "https://bucket.example/1.png"),
    ],
)
def test_paths_begin_at_the_servers_root_and_absolute_urls_stay(path: str, resolved: str) -> None:
    assert str(Address("https://a.example/limner").resolve(path)) == resolved


@pytest.mark.parametrize("url", ["", "127.0.0.1:8000", "localhost:8000", "ftp://a.example", "http://", "http://[::1"])
def test_what_is_no_address_is_refused_in_a_sentence(url: str) -> None:
    with pytest.raises(BadAddress, match=r"is no address of a server: give one like http://127\.0\.0\.1:8000\."):
        Address(url)


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("https://a.example/elsewhere", True),
        ("http://a.example/limner/", False),
        ("https://a.example:444/limner/", False),
        ("https://b.example/limner/", False),
    ],
)
def test_only_the_server_itself_is_its_own(url: str, own: bool) -> None:
    assert Address("https://a.example/limner").is_own(httpx.URL(url)) is own
