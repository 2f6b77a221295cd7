import inspect
import re

from arq.constants import health_check_key_suffix
from hypothesis import given
from hypothesis import strategies as st

from storage.keys import Keys
from tests.support.docs import first_column

KEYS = Keys("")


def names(keys: Keys) -> set[str]:
    """Every name that is made, with words in angle brackets for what differs."""
    made: set[str] = set()
    stems: set[str] = set()
    for name, attribute in inspect.getmembers(Keys):
        if isinstance(attribute, property):
            (stems if name.endswith("_stem") else made).add(getattr(keys, name))
        elif inspect.isfunction(attribute) and not name.startswith("_"):
            words = [f"<{word}>" for word in inspect.signature(attribute).parameters if word != "self"]
            made.add(re.sub("[0-9a-f]{64}", "<hash>", getattr(keys, name)(*words)))
    arqs = {stem for stem in stems if not any(key.startswith(stem) for key in made)}
    return made | {f"{stem}<job_id>:<claim>" for stem in arqs} | {keys.queue("<kind>") + health_check_key_suffix}


def test_every_name_is_on_the_page_and_the_page_has_no_other() -> None:
    assert sorted(first_column("redis.md", "name")) == sorted(names(KEYS))


def test_every_name_begins_with_the_prefix() -> None:
    assert names(Keys("one:")) == {f"one:{name}" for name in names(KEYS)}


@given(st.text(), st.text(), st.text())
def test_a_strangers_text_does_not_stand_in_a_name(owner: str, kind: str, subject: str) -> None:
    assert re.fullmatch("subject:[0-9a-f]{64}", KEYS.subject(owner, kind, subject))


def test_another_owner_kind_or_subject_has_another_name() -> None:
    subjects = {
        KEYS.subject(owner, kind, subject)
        for owner in ("ann", "bob")
        for kind in ("portrait", "video")
        for subject in ("x", "y", "")
    }

    assert len(subjects) == 12
