from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.webhook_urls import check_webhook_url, is_public

PUBLIC = ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "2a00:1450:4001::64"]
PRIVATE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.1.2.3",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::10.0.0.1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%1",
    "fec0::1",
    "ff02::1",
    "2001::1",
    "2001:db8::1",
    "64:ff9b:1::1",
    "5f00::1",
]


def nat64(address: str) -> str:
    return f"64:ff9b::{address}"


def mapped(address: str) -> str:
    return f"::ffff:{address}"


def six_to_four(address: str) -> str:
    first, second, third, fourth = map(int, address.split("."))
    return f"2002:{first << 8 | second:x}:{third << 8 | fourth:x}::1"


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", PRIVATE)
def test_every_other_address_is_not(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("clothes", [mapped, six_to_four, nat64])
@given(number=st.integers(0, 2**32 - 1))
def test_an_address_of_ipv4_is_what_it_is_in_the_clothes_of_ipv6_too(clothes: type[str], number: int) -> None:
    plain = ip_address(number)

    assert is_public(ip_address(clothes(str(plain)))) == is_public(plain)


@pytest.mark.parametrize(
    "url",
    [
        "https://site.example",
        "http://site.example/limner?of=1&by=%C3%A4",
        "https://site.example:443/",
        "http://site.example:8080/",
        "https://xn--bcher-kva.example/",
        "https://1.1.1.1/",
        "https://[2606:4700:4700::1111]/",
        "https://site.example/" + "x" * 1_979,
    ],
)
def test_a_plain_url_is_allowed(url: str) -> None:
    check_webhook_url(url, private=False)


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("https://site.example/" + "x" * 1_980, "at most 2000 characters"),
        ("", "must be an http or https URL"),
        ("site.example", "must be an http or https URL"),
        ("ftp://site.example/", "must be an http or https URL"),
        ("file:///etc/passwd", "must be an http or https URL"),
        ("https:///limner", "must be an http or https URL"),
        ("https://[::1/", "must be a URL"),
        ("https://site.example:port/", "must be a URL"),
        ("https://site.example:99999/", "must be a URL"),
        ("https://ann@site.example/", "must not hold a user or a password"),
        ("https://ann:secret@site.example/", "must not hold a user or a password"),
        ("https://@site.example/", "must not hold a user or a password"),
        ("https://site.example/#top", "must not have a fragment"),
        ("https://bücher.example/", "as it is sent"),
        ("https://site.example/\r\nHost: other", "as it is sent"),
        ("https://site.example/a b", "as it is sent"),
        ("https://site.example\\@127.0.0.1/", "as it is sent"),
        ("https://site.example:25/", "must have the port"),
        ("https://site.example:0/", "must have the port"),
        ("http://127.0.0.1/", "private network"),
        ("http://[::1]/", "private network"),
        ("http://[::ffff:10.0.0.1]/", "private network"),
        ("http://169.254.169.254/latest/meta-data", "private network"),
    ],
)
def test_every_other_one_is_refused_with_a_reason(url: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        check_webhook_url(url, private=False)


@pytest.mark.parametrize("url", ["http://127.0.0.1:25/", "http://[::1]:8080/", "http://10.0.0.1/"])
def test_an_operator_may_allow_private_addresses_and_every_port(url: str) -> None:
    check_webhook_url(url, private=True)


@pytest.mark.parametrize("url", ["https://ann@10.0.0.1/", "ftp://10.0.0.1/"])
def test_what_is_no_plain_url_stays_refused_then(url: str) -> None:
    with pytest.raises(ValueError, match="must"):
        check_webhook_url(url, private=True)
