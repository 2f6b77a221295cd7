import inspect
import re

from arq.constants import health_check_key_suffix
from hypothesis import given
from hypothesis import strategies as st

from storage.keys import Keys
from tests.support.docs import first_column

KEYS = Keys("")


def members() -> list[tuple[str, object]]:
    return [(name, member) for name, member in inspect.getmembers(Keys) if not name.startswith("_")]


def stems(keys: Keys) -> set[str]:
    return {getattr(keys, name) for name, member in members() if isinstance(member, property) and "_stem" in name}


def names(keys: Keys) -> set[str]:
    """Every name that is made, with words in angle brackets for what differs."""
    made = {keys.queue("<kind>") + health_check_key_suffix}
    for name, member in members():
        if isinstance(member, property) and "_stem" not in name:
            made.add(getattr(keys, name))
        elif inspect.isfunction(member):
            words = [f"<{word}>" for word in inspect.signature(member).parameters if word != "self"]
            made.add(re.sub("[0-9a-f]{64}", "<hash>", getattr(keys, name)(*words)))
    return made


def test_every_name_is_on_the_page_and_the_page_has_no_other() -> None:
    assert sorted(first_column("redis.md", "name")) == sorted(names(KEYS))


def test_every_name_begins_with_the_prefix() -> None:
    assert names(Keys("one:")) == {f"one:{name}" for name in names(KEYS)}


def test_what_a_script_appends_an_id_to_begins_a_name() -> None:
    assert {stem for stem in stems(KEYS) if not any(name.startswith(f"{stem}<") for name in names(KEYS))} == set()


@given(st.text(), st.text(), st.text())
def test_a_strangers_text_does_not_stand_in_a_name(owner: str, kind: str, text: str) -> None:
    assert re.fullmatch("subject:[0-9a-f]{64}", KEYS.subject(owner, kind, text))
    assert re.fullmatch("idempotency:[0-9a-f]{64}", KEYS.idempotency(owner, text))


def test_another_owner_kind_or_subject_has_another_name() -> None:
    subjects = {
        KEYS.subject(owner, kind, subject)
        for owner in ("ann", "bob")
        for kind in ("portrait", "video")
        for subject in ("x", "y", "")
    }

    assert len(subjects) == 12


def test_another_owner_or_key_has_another_name() -> None:
    assert len({KEYS.idempotency(owner, key) for owner in ("ann", "bob") for key in ("x", "y", "")}) == 6
