import pytest

from jobs.settings import WorkerSettings
from storage.errors import SettingsError
from storage.settings import load
from storage.stored import UNBOUNDED, Most
from tests.support.settings import variables


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in variables(WorkerSettings):
        monkeypatch.delenv(variable, raising=False)


def test_without_an_environment_everything_is_local_and_a_lease_outlives_two_renewals() -> None:
    settings = load(WorkerSettings)

    assert settings.text_provider == "grammar"
    assert (settings.lease_seconds, settings.renew_seconds) == (10, 3)
    assert settings.portraits_at_once == 1
    assert settings.finish_seconds == 5


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LIMNER_PORTRAITS_AT_ONCE", "0"),
        ("LIMNER_PORTRAITS_AT_ONCE", "two"),
        ("LIMNER_TEXT_PROVIDER", "hunter2"),
        ("LIMNER_CHAT_URL", "hunter2"),
        ("LIMNER_LEASE_SECONDS", "-1"),
        ("LIMNER_PAINTER_SECONDS", "inf"),
        ("LIMNER_FINISH_SECONDS", "nan"),
        ("LIMNER_FINISH_SECONDS", "1e300"),
        ("LIMNER_QUEUE_LIMIT_SECONDS", "604801"),
        ("LIMNER_PORTRAIT_SECONDS", "0"),
        ("LIMNER_OWNER_RUNNING", "0"),
        ("LIMNER_PROVIDER_RUNNING", "hunter2"),
        ("LIMNER_PROVIDER_RUNNING", "painter=0"),
        ("LIMNER_PROVIDER_RUNNING", "painter=1,=2"),
    ],
)
def test_a_bad_value_is_named_and_not_repeated(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(SettingsError) as refused:
        load(WorkerSettings)

    [problem] = refused.value.faults
    assert problem.startswith(f"{variable}: ")
    assert "hunter2" not in problem


def test_a_lease_that_would_run_out_between_two_renewals_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMNER_LEASE_SECONDS", "5")

    with pytest.raises(SettingsError, match=r"^LIMNER_RENEW_SECONDS: must be at most half of LIMNER_LEASE_SECONDS"):
        load(WorkerSettings)


def test_the_key_of_the_chat_is_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMNER_CHAT_API_KEY", "hunter2")

    assert "hunter2" not in repr(load(WorkerSettings))


def test_a_provider_that_is_paid_needs_a_key_that_nobody_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMNER_PORTRAIT_PROVIDER", "replicate")
    with pytest.raises(SettingsError, match=r"^LIMNER_REPLICATE_TOKEN: must be set"):
        load(WorkerSettings)

    monkeypatch.setenv("LIMNER_REPLICATE_TOKEN", "hunter2")
    assert "hunter2" not in repr(load(WorkerSettings))

    monkeypatch.setenv("LIMNER_REPLICATE_TOKEN", "hunter2\n")
    with pytest.raises(SettingsError, match=r"^LIMNER_REPLICATE_TOKEN: has characters that no header can carry"):
        load(WorkerSettings)


@pytest.mark.parametrize("model", ["flux", "a/b/c", "a/b:latest", "a b/c", "https://replicate.com/a/b"])
def test_a_model_is_named_with_its_owner(monkeypatch: pytest.MonkeyPatch, model: str) -> None:
    monkeypatch.setenv("LIMNER_REPLICATE_MODEL", model)

    with pytest.raises(SettingsError, match=r"^LIMNER_REPLICATE_MODEL: "):
        load(WorkerSettings)


def test_every_setting_says_what_it_is_for() -> None:
    assert all(variables(WorkerSettings).values())


def test_a_sweep_may_not_be_so_rare_that_it_looks_like_a_silence_of_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMNER_SWEEP_SECONDS", "3")

    with pytest.raises(SettingsError, match=r"^LIMNER_SWEEP_SECONDS: must be at most a quarter of LIMNER_LEASE"):
        load(WorkerSettings)


def test_how_many_may_run_at_once_is_said_of_the_kind_the_provider_and_an_owner(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LIMNER_PROVIDER_RUNNING", "painter=2, kie=10")
    monkeypatch.setenv("LIMNER_OWNER_RUNNING", "3")

    settings = load(WorkerSettings)

    assert settings.most("kie", 50) == Most(50, 10, 3)
    assert settings.most("grammar", 50) == Most(50, UNBOUNDED, 3)
