import pytest
from pydantic import SecretStr, ValidationError

from storage.errors import SettingsError
from storage.settings import StorageSettings, load, numbers_by_name
from tests.support.settings import variables


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in variables(StorageSettings):
        monkeypatch.delenv(variable, raising=False)


def test_without_an_environment_there_are_defaults() -> None:
    settings = load(StorageSettings)

    assert settings.redis_url == SecretStr("redis://127.0.0.1:6379/0")
    assert (settings.redis_prefix, settings.log_format) == ("limner:", "text")
    assert (settings.keep_seconds, settings.keep_at_most_seconds, settings.tombstone_seconds) == (3_600, 86_400, 86_400)


def test_the_environment_goes_before_the_defaults_and_what_is_given_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMNER_REDIS_PREFIX", "one:")
    monkeypatch.setenv("LIMNER_KEEP_SECONDS", "0.5")

    assert load(StorageSettings).redis_prefix == "one:"
    assert load(StorageSettings).keep_seconds == 0.5
    assert load(StorageSettings, redis_prefix="two:").redis_prefix == "two:"


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMNER_KEEP_SECONDS", "")

    assert load(StorageSettings).keep_seconds == 3_600


def test_every_bad_value_is_named_and_none_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMNER_KEEP_SECONDS", "hunter2")
    monkeypatch.setenv("LIMNER_TOMBSTONE_SECONDS", "-4711")
    monkeypatch.setenv("LIMNER_LOG_FORMAT", "hunter3")
    monkeypatch.setenv("LIMNER_REDIS_PREFIX", "hunter4" * 20)

    with pytest.raises(SettingsError) as refused:
        load(StorageSettings)

    assert [problem.split(":")[0] for problem in sorted(refused.value.faults)] == [
        "LIMNER_KEEP_SECONDS",
        "LIMNER_LOG_FORMAT",
        "LIMNER_REDIS_PREFIX",
        "LIMNER_TOMBSTONE_SECONDS",
    ]
    assert "hunter" not in str(refused.value)
    assert "4711" not in str(refused.value)


@pytest.mark.parametrize("seconds", ["0", "inf", "nan", "604801", "1e300"])
def test_a_time_is_more_than_nothing_and_a_week_at_most(monkeypatch: pytest.MonkeyPatch, seconds: str) -> None:
    monkeypatch.setenv("LIMNER_KEEP_SECONDS", seconds)

    with pytest.raises(SettingsError, match=r"LIMNER_KEEP_SECONDS: input should be"):
        load(StorageSettings)


def test_secrets_are_masked_wherever_settings_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMNER_REDIS_URL", "redis://:hunter2@localhost")
    settings = load(StorageSettings)

    for shown in (repr(settings), str(settings), settings.model_dump_json(), repr(settings.model_dump())):
        assert "hunter2" not in shown
        assert "***" in shown


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load(StorageSettings).redis_prefix = "other:"  # type: ignore[misc]


def test_every_setting_says_what_it_is_for() -> None:
    assert all(variables(StorageSettings).values())
    assert set(variables(StorageSettings)) >= {"LIMNER_REDIS_URL", "LIMNER_KEEP_SECONDS", "LIMNER_LOG_LEVEL"}


def test_a_job_cannot_be_kept_longer_than_it_is_kept_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMNER_KEEP_SECONDS", "100")
    monkeypatch.setenv("LIMNER_KEEP_AT_MOST_SECONDS", "50")
    with pytest.raises(SettingsError, match="LIMNER_KEEP_SECONDS"):
        load(StorageSettings)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("", {}), ("kie=3", {"kie": 3}), (" kie=3 , replicate=10,", {"kie": 3, "replicate": 10}), ("a=1,a=2", {"a": 2})],
)
def test_numbers_are_given_by_name(text: str, numbers: dict[str, int]) -> None:
    assert numbers_by_name(text) == numbers


@pytest.mark.parametrize("text", ["kie", "kie=", "=3", "kie=0", "kie=-1", "kie=1.5", "kie=many", "kie=3;replicate=4"])
def test_what_is_no_number_by_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be name=number"):
        numbers_by_name(text)


def test_numbers_that_are_given_as_such_pass() -> None:
    assert numbers_by_name({"kie": 3}) == {"kie": 3}


def test_it_may_be_that_nobody_steps_back_in_a_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMNER_SPACING_SECONDS", "0")
    monkeypatch.setenv("LIMNER_BATCH_SECONDS", "0")

    assert (load(StorageSettings).spacing_seconds, load(StorageSettings).batch_seconds) == (0, 0)


SECRET_OF_24 = "whsec_" + "YWJj" * 8
SECRET_OF_64 = "whsec_" + "YWJj" * 21 + "YQ=="


def test_webhooks_are_signed_with_each_secret_and_without_one_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(StorageSettings).webhook_secrets == []

    monkeypatch.setenv("LIMNER_WEBHOOK_SECRET", f"{SECRET_OF_24}, {SECRET_OF_64}")
    settings = load(StorageSettings)

    assert settings.webhook_secrets == [SecretStr(SECRET_OF_24), SecretStr(SECRET_OF_64)]
    assert "YWJj" not in repr(settings)


@pytest.mark.parametrize(
    "secret",
    [
        "YWJj" * 8,
        "whsec_",
        "whsec_" + "YWJj" * 7,
        "whsec_" + "YWJj" * 22,
        "whsec_" + "YWJj" * 8 + "!",
        "whsk_" + "YWJj" * 8,
        f"{SECRET_OF_24},YWJj",
    ],
)
def test_a_secret_of_another_form_is_named_and_not_repeated(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("LIMNER_WEBHOOK_SECRET", secret)

    with pytest.raises(SettingsError, match=r"^LIMNER_WEBHOOK_SECRET: each must be whsec_ and ") as refused:
        load(StorageSettings)

    assert "YWJj" not in str(refused.value)


@pytest.mark.parametrize("name", ["s3_endpoint_url", "s3_access_key_id", "s3_secret_access_key"])
def test_what_is_said_of_a_bucket_without_a_name_is_not_passed_over(name: str) -> None:
    with pytest.raises(SettingsError, match=f"LIMNER_S3_BUCKET: must be set where LIMNER_{name.upper()} is"):
        load(StorageSettings, **{name: "https://bucket.example"}, database_url="postgresql://")
    load(StorageSettings, **{name: "https://bucket.example", "objects_dir": "/objects"})


@pytest.mark.parametrize("folder", ["objects", "./objects", "~/objects"])
def test_a_folder_that_depends_on_where_one_stands_is_refused(folder: str) -> None:
    with pytest.raises(SettingsError, match=r"^LIMNER_OBJECTS_DIR: must be a whole path"):
        load(StorageSettings, objects_dir=folder)
