from pathlib import Path

import pytest

from storage.errors import SettingsError
from storage.objects.local_directory import LocalObjects
from storage.objects.opening import local_objects, open_objects
from storage.objects.s3 import S3Objects
from storage.settings import StorageSettings, load

BUCKET = {
    "s3_bucket": "pictures",
    "s3_access_key_id": "key",
    "s3_secret_access_key": "secret",
    "s3_public_url": "https://pictures.example",
}


def settings(**given: object) -> StorageSettings:
    return load(StorageSettings, **given)


async def test_without_settings_there_is_no_object_store() -> None:
    async with open_objects(settings()) as objects:
        assert objects is None


async def test_a_directory_is_made_and_its_objects_are_served_by_the_server(tmp_path: Path) -> None:
    async with open_objects(settings(objects_dir=str(tmp_path / "data" / "objects"))) as objects:
        assert isinstance(objects, LocalObjects)
        await objects.check()
        assert objects.url("a/b.png") == "/objects/a/b.png"


async def test_the_urls_of_local_objects_begin_with_the_public_one(tmp_path: Path) -> None:
    given = settings(objects_dir=str(tmp_path), public_url="https://site.example/limner/")

    async with open_objects(given) as objects:
        assert objects is not None
        assert objects.url("a/b.png") == "https://site.example/limner/objects/a/b.png"


async def test_a_directory_that_cannot_be_made_stops_the_start_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SettingsError, match="LIMNER_OBJECTS_DIR: cannot be used: Not a directory"):
        async with open_objects(settings(objects_dir=str(tmp_path / "file" / "objects"))):
            pass


async def test_a_bucket_is_opened_without_a_look_at_it() -> None:
    async with open_objects(settings(**BUCKET, s3_endpoint_url="http://127.0.0.1:1")) as objects:
        assert isinstance(objects, S3Objects)
        assert objects.url("a/b.png") == "https://pictures.example/a/b.png"


async def test_amazons_own_needs_a_region() -> None:
    with pytest.raises(SettingsError, match="LIMNER_S3_REGION: must be the bucket's region"):
        async with open_objects(settings(**BUCKET)):
            pass
    async with open_objects(settings(**BUCKET, s3_region="eu-central-1")) as objects:
        assert isinstance(objects, S3Objects)


@pytest.mark.parametrize("url", ["bucket.example", "ftp://bucket.example", "https://", "http://bucket:port"])
@pytest.mark.parametrize("name", ["s3_endpoint_url", "s3_public_url"])
async def test_a_url_that_is_none_stops_the_start_and_is_named(name: str, url: str) -> None:
    given = {**BUCKET, "s3_endpoint_url": "https://bucket.example", name: url}

    with pytest.raises(SettingsError, match=f"^LIMNER_{name.upper()}: must be a URL"):
        async with open_objects(settings(**given)):
            pass


@pytest.mark.parametrize(
    ("name", "value"),
    [("s3_bucket", "my pictures"), ("s3_bucket", "https://bucket.example/pictures"), ("s3_region", "eu central")],
)
async def test_a_name_that_can_be_none_stops_the_start_and_is_named(name: str, value: str) -> None:
    given = {**BUCKET, "s3_endpoint_url": "https://bucket.example", name: value}

    with pytest.raises(SettingsError, match=f"^LIMNER_{name.upper()}: must be the name"):
        async with open_objects(settings(**given)):
            pass


async def test_what_the_environment_says_to_others_of_s3_does_not_lead_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("[default]\ns3 =\n  addressing_style = nonsense\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "nobodys")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://elsewhere.example")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://elsewhere.example")
    monkeypatch.setenv("AWS_REQUEST_CHECKSUM_CALCULATION", "when_supported")

    async with open_objects(settings(**BUCKET, s3_region="eu-central-1")) as objects:
        assert isinstance(objects, S3Objects)
        assert objects.endpoint == "https://s3.eu-central-1.amazonaws.com"


def test_local_objects_are_made_without_a_look_at_the_disk() -> None:
    assert local_objects(settings()) is None
    assert local_objects(settings(objects_dir="/nowhere/at/all")) is not None
