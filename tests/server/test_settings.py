import pytest
from pydantic import SecretStr

from server.settings import ServerSettings, parse_keys
from storage.errors import SettingsError
from storage.settings import load


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ServerSettings.model_fields:
        monkeypatch.delenv(f"LIMNER_{name.upper()}", raising=False)


def test_keys_are_named() -> None:
    assert parse_keys(SecretStr("")) == {}
    assert parse_keys(SecretStr("anna=k1, bert=k=2 ,")) == {"k1": "anna", "k=2": "bert"}


@pytest.mark.parametrize("keys", ["secret-key", "=secret-key", "anna="])
def test_a_key_without_a_name_stops_the_start_and_is_not_repeated(monkeypatch: pytest.MonkeyPatch, keys: str) -> None:
    monkeypatch.setenv("LIMNER_API_KEYS", keys)
    with pytest.raises(SettingsError, match="LIMNER_API_KEYS: must be name=key") as refusal:
        load(ServerSettings)
    assert "secret-key" not in str(refusal.value)


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMNER_API_KEYS", "anna=hidden")
    monkeypatch.setenv("LIMNER_OPERATOR_KEY", "hidden")
    monkeypatch.setenv("LIMNER_SECRET", "hidden")
    assert "hidden" not in repr(load(ServerSettings))


@pytest.mark.parametrize(
    ("given", "origins"),
    [
        ({}, ["http://localhost:8000", "http://127.0.0.1:8000", "http://[::1]:8000"]),
        ({"public_url": "https://limner.example/here"}, ["https://limner.example"]),
        ({"public_url": "https://limner.example", "origins": "https://a.example"}, ["https://a.example"]),
        ({"origins": " https://a.example/ , null,"}, ["https://a.example", "null"]),
    ],
)
def test_origins_are_those_listed_else_the_public_one_else_the_local_ones(
    given: dict[str, str], origins: list[str]
) -> None:
    assert load(ServerSettings, **given).allowed_origins == origins


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_the_own_machine_needs_no_keys(host: str) -> None:
    assert load(ServerSettings, host=host).host == host


def test_another_address_needs_keys_or_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="LIMNER_HOST"):
        load(ServerSettings, host="0.0.0.0")
    assert load(ServerSettings, host="0.0.0.0", open=True).open
    monkeypatch.setenv("LIMNER_API_KEYS", "anna=k1")
    assert not load(ServerSettings, host="0.0.0.0").open


@pytest.mark.parametrize(
    ("variable", "value"),
    [("LIMNER_IDLE_SECONDS", "0"), ("LIMNER_PING_SECONDS", "inf"), ("LIMNER_MAX_JOBS", "no"), ("LIMNER_PORT", "70000")],
)
def test_a_value_that_cannot_be_stops_the_start_by_name(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=f"^{variable}: "):
        load(ServerSettings)


@pytest.mark.parametrize("name", [name for name in ServerSettings.model_fields if name.endswith("_seconds")])
def test_no_time_is_longer_than_a_week(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    variable = f"LIMNER_{name.upper()}"
    for value in ("604801", "1e300", "inf", "nan"):
        monkeypatch.setenv(variable, value)
        with pytest.raises(SettingsError, match=f"^{variable}: input should be "):
            load(ServerSettings)


def test_a_silence_that_is_over_before_the_second_ping_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMNER_PING_SECONDS", "31")
    with pytest.raises(SettingsError, match=r"^LIMNER_SILENCE_SECONDS: must be at least twice LIMNER_PING_SECONDS$"):
        load(ServerSettings)
    monkeypatch.setenv("LIMNER_SILENCE_SECONDS", "62")
    assert load(ServerSettings).silence_seconds == 62


@pytest.mark.parametrize("origins", ["*", "page.example", "https://page.example/app", "https://*.page.example"])
def test_an_origin_that_is_none_stops_the_start(origins: str) -> None:
    with pytest.raises(SettingsError, match=r"^LIMNER_ORIGINS: "):
        load(ServerSettings, origins=origins)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("", ""),
        ("https://limner.example", ""),
        ("https://limner.example/", ""),
        ("http://127.0.0.1:8000/limner", "/limner"),
        ("https://site.example/in/here/", "/in/here"),
    ],
)
def test_the_public_url_says_at_which_path_the_server_is(url: str, path: str) -> None:
    assert load(ServerSettings, public_url=url).public_path == path


@pytest.mark.parametrize(
    "url", ["limner.example", "/limner", "ftp://limner.example", "https://", "https://a/?b", "https://a#b"]
)
def test_a_public_url_that_is_none_stops_the_start(url: str) -> None:
    with pytest.raises(SettingsError, match=r"^LIMNER_PUBLIC_URL: "):
        load(ServerSettings, public_url=url)


@pytest.mark.parametrize(
    ("given", "anonymous"),
    [({}, True), ({"api_keys": "anna=k1"}, True), ({"host": "0.0.0.0", "api_keys": "anna=k1"}, False)],
)
def test_on_another_address_only_those_who_have_a_key_may_ask(given: dict[str, str], anonymous: bool) -> None:
    assert load(ServerSettings, **given).anonymous is anonymous
    assert load(ServerSettings, **given, open=True).anonymous
